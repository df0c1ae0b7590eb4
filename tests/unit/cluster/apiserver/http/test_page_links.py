"""Links of pages seen through a proxy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proa.cluster.apiserver.http.page_links import Prefix

PREFIX = Prefix("/api/v1/namespaces/d/pods/p/proxy", frozenset({"10.42.0.5:80", "api.example.com"}))


@pytest.mark.parametrize(
    ("link", "seen"),
    [
        ("/x?a=b#c", "/api/v1/namespaces/d/pods/p/proxy/x?a=b#c"),
        ("/", "/api/v1/namespaces/d/pods/p/proxy/"),
        ("/x//y/../z/", "/api/v1/namespaces/d/pods/p/proxy/x/z/"),
        ("http://10.42.0.5:80/x", "/api/v1/namespaces/d/pods/p/proxy/x"),
        ("https://api.example.com/x", "/api/v1/namespaces/d/pods/p/proxy/x"),
        ("/api/v1/namespaces/d/pods/p/proxy/x", "/api/v1/namespaces/d/pods/p/proxy/x"),
        ("http://elsewhere.example.com/x", "http://elsewhere.example.com/x"),
        ("x/y", "x/y"),
        ("mailto:a@example.com", "mailto:a@example.com"),
        ("http://[", "http://["),
        ("", ""),
    ],
)
def test_links(link: str, seen: str) -> None:
    assert PREFIX.url(link) == seen


def test_only_links_of_a_page_change() -> None:
    page = (
        b"<!DOCTYPE html>\n<BODY>\xff &amp; <A class=k HREF='/x?a=1&amp;b=2' disabled>\n/x</A>"
        b'<img alt="/x" src="/i.png"/><script>"<a href=/x>"</script><!-- <a href="/x"> --><p id="/x">'
    )
    at = b"/api/v1/namespaces/d/pods/p/proxy"

    assert PREFIX.page(page) == (
        b'<!DOCTYPE html>\n<BODY>\xff &amp; <a class="k" href="%b/x?a=1&amp;b=2" disabled>\n/x</A>'
        b'<img alt="/x" src="%b/i.png"/><script>"<a href=/x>"</script><!-- <a href="/x"> --><p id="/x">'
        % (at, at)
    )


TAGS = st.from_regex(rb"(<(a|img|p)( (href|src|x)=[\"']?[^>]{0,9}[\"']?)?/?>.{0,5}){0,9}")


@given(st.binary(max_size=200) | TAGS)
def test_a_page_without_absolute_links_stays_as_it_is(page: bytes) -> None:
    page = page.replace(b"/", b"").replace(b"&", b"")
    assert PREFIX.page(page) == page
