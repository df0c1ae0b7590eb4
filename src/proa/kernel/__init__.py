"""All that touches Linux: netlink, nftables, namespaces, kernel settings.

Values in, values out: a link, a route or a rule is a frozen dataclass; callers describe what they
want, `state.apply` makes the difference so in one batch. Every failure is a `KernelError` that says
what was refused and, where an option of the kernel is missing, which.
"""
