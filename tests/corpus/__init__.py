"""Requests that a real kube-apiserver has answered, and what it takes to ask ours the same.

A family (`families/NAME.py`) is a table of stories, a story a few requests that build on each other in
a namespace of their own. `scripts/record-answers` plays them to a kube-apiserver and keeps what it says
in `answers/NAME.jsonl.gz`; `tests/unit/cluster/apiserver/test_corpus.py` plays them to ours.
"""
