"""npm_package: one package of the npm registry as a repository, for tests only.

Fetched by npm itself, so that a machine's own registry settings count, and only when a target that needs it is built.
What arrives must have the given integrity, whoever sent it; its own install scripts are never run. Packages with
dependencies are not meant to come this way.
"""

_BUILD = """
filegroup(
    name = "package",
    srcs = glob(["package/**"], exclude = ["package/**/* *"]),
    visibility = ["//visibility:public"],
)
"""

def _npm_package_impl(ctx):
    npm = ctx.which("npm")
    if npm == None:
        fail("npm is not there, and {}@{} comes through it: apt-get install npm".format(ctx.attr.package, ctx.attr.version))
    name = "{}@{}".format(ctx.attr.package, ctx.attr.version)
    for pause_s in [5, 20, 0]:
        packed = ctx.execute([npm, "pack", name, "--ignore-scripts", "--loglevel=error"], timeout = 300)
        if packed.return_code == 0:
            break
        ctx.execute(["sleep", str(pause_s)])
    if packed.return_code != 0:
        fail("npm could not fetch {}:\n{}".format(name, packed.stderr))

    # Bazel checks the integrity, and unpacks.
    archive = ctx.path("{}-{}.tgz".format(ctx.attr.package, ctx.attr.version))
    ctx.download_and_extract(
        url = "file://{}".format(archive),
        integrity = ctx.attr.integrity,
        output = "package",
        stripPrefix = "package",
        type = "tar.gz",
    )
    ctx.delete(archive)
    ctx.file("BUILD.bazel", _BUILD)

npm_package = repository_rule(
    implementation = _npm_package_impl,
    attrs = {
        "package": attr.string(mandatory = True, doc = "Its name, without a scope."),
        "version": attr.string(mandatory = True),
        "integrity": attr.string(mandatory = True, doc = "As npm writes it: sha512-..."),
    },
)
