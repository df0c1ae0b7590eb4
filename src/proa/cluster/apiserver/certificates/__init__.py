"""Certificate signing requests: what they ask, who may approve and sign them."""
