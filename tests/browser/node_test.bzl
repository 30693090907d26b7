"""One file of tests under Node.js, as run.sh runs it."""

def node_test(name, data, size = "small", tags = []):
    """`name`.mjs with what it imports or starts, which is `data`."""
    native.sh_test(
        name = name,
        size = size,
        srcs = ["run.sh"],
        args = [name + ".mjs"],
        data = [name + ".mjs"] + data,
        tags = tags,
    )
