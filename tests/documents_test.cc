#include "tests/documents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quoin::tests {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(MarkdownLinks, AreFoundInProseOnly) {
  const std::vector<Link> links = MarkdownLinks(
      "# T\n[a](docs/a.md) and [b](b.md#x)\n```\n[c](c.md)\n```\n`[d](d.md)` but [e](https://example.com/)\n");
  ASSERT_EQ(links.size(), 3u);
  EXPECT_EQ(links[0].target, "docs/a.md");
  EXPECT_EQ(links[0].line, 2);
  EXPECT_EQ(links[1].target, "b.md#x");
  EXPECT_EQ(links[2].target, "https://example.com/");
  EXPECT_EQ(links[2].line, 6);
}

TEST(MarkdownAnchors, AreHeadingsAsLinksWriteThem) {
  EXPECT_THAT(MarkdownAnchors("# The HTTP API\ntext\n## One key: `/v1/kv/{key}`\n```\n# not this\n```\n#nor this\n"),
              ElementsAre("one-key-v1kvkey", "the-http-api"));
}

TEST(MachinePaths, AreFoundWhereverTheyStand) {
  const std::string home = std::string("/ho") + "me/someone/x";
  const std::string work = std::string("/wo") + "rk/x";
  EXPECT_THAT(LinesWithMachinePaths("a\n" + home + "\n\"" + work + "\"\ncd " + work), ElementsAre(2, 3, 4));
}

TEST(MachinePaths, AreNotFoundInsideOtherPaths) {
  EXPECT_THAT(LinesWithMachinePaths("$dir/root/x tmp/work/y the /root of it, /usr/share/x, http://a/b"), IsEmpty());
}

}  // namespace
}  // namespace quoin::tests
