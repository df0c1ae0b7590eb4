import pytest
from hypothesis import given
from hypothesis import strategies as st

from proa.kube.selectors import (
    format_selector,
    label_selector,
    node_selector,
    parse_field_selector,
    parse_label_selector,
)

LABELS = {"app": "shop", "tier": "web", "generation": "7"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", True),
        ("app=shop", True),
        ("app==shop", True),
        ("app = shop , tier = web", True),
        ("app=", False),
        ("app!=shop", False),
        ("absent!=x", True),
        ("app in (shop, bank)", True),
        ("app in (bank),tier=web", False),
        ("app notin (bank)", True),
        ("absent notin (x)", True),
        ("app", True),
        ("!app", False),
        ("! absent", True),
        ("generation>6", True),
        ("generation<7", False),
        ("app>1", False),
    ],
)
def test_label_selector_text(text: str, expected: bool) -> None:
    assert parse_label_selector(text).matches(LABELS) is expected


@pytest.mark.parametrize("text", ["=x", "a b", "app in shop", "app=(x)", "a=b,,c", "app in (a"])
def test_malformed_label_selector_names_the_term(text: str) -> None:
    with pytest.raises(ValueError, match="unable to parse requirement"):
        parse_label_selector(text)


def test_field_selector_escapes_and_negates() -> None:
    selector = parse_field_selector(r"metadata.name=a\,b,spec.nodeName!=")
    assert selector.matches({"metadata.name": "a,b", "spec.nodeName": "n"})
    assert not selector.matches({"metadata.name": "a,b", "spec.nodeName": ""})
    assert selector.exact("metadata.name") == "a,b"
    assert selector.exact("spec.nodeName") is None


def test_field_selector_that_is_none() -> None:
    with pytest.raises(ValueError, match="can't understand 'nonsense'"):
        parse_field_selector("nonsense")


def test_label_selector_object() -> None:
    selector = {
        "matchLabels": {"app": "shop"},
        "matchExpressions": [{"key": "tier", "operator": "In", "values": ["web", "api"]}],
    }
    compiled = label_selector(selector)
    assert compiled is not None
    assert compiled.matches(LABELS)
    assert not compiled.matches({"app": "shop"})
    assert label_selector(None) is None
    assert label_selector({}) is not None
    assert format_selector(selector) == "app=shop,tier in (api,web)"


@given(
    st.dictionaries(
        st.from_regex(r"[a-z]{1,5}", fullmatch=True), st.from_regex(r"[a-z0-9]{0,5}", fullmatch=True)
    )
)
def test_formatted_selector_reads_back(labels: dict[str, str]) -> None:
    text = format_selector({"matchLabels": labels})
    assert parse_label_selector(text).matches(labels)


def test_node_selector_terms_are_alternatives_and_an_empty_term_matches_nothing() -> None:
    matches = node_selector(
        {
            "nodeSelectorTerms": [
                {},
                {"matchExpressions": [{"key": "disk", "operator": "In", "values": ["ssd"]}]},
                {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n1"]}]},
            ]
        }
    )
    assert matches({"disk": "ssd"}, "n9")
    assert matches({}, "n1")
    assert not matches({}, "n9")
