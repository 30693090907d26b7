// What a watch over HTTP reads: event streams, in whatever pieces they come, and events as JSON.
#include "tests/cluster/http_watch.h"

#include <gtest/gtest.h>

#include "net/etag.h"

namespace quoin::tests {
namespace {

TEST(EventStreamText, TakesBlocksApartWhereverTheyAreCut) {
  const std::string text =
      "retry: 2000\n\n:\n\nevent: put\ndata: {\"a\":\ndata: 1}\n\nevent: synced\ndata:{}\nid: c1\n\nid: c2\n\nevent: x";
  for (const std::size_t piece : {text.size(), std::size_t{7}, std::size_t{1}}) {
    EventStreamText stream;
    std::vector<EventStreamText::Block> blocks;
    for (std::size_t at = 0; at < text.size(); at += piece) {
      for (auto& block : stream.Take(std::string_view(text).substr(at, piece))) blocks.push_back(std::move(block));
    }
    ASSERT_EQ(blocks.size(), 5u) << piece;
    EXPECT_EQ(blocks[1].data, "");
    EXPECT_EQ(blocks[2].event, "put");
    EXPECT_EQ(blocks[2].data, "{\"a\":\n1}");
    EXPECT_EQ(blocks[2].id, std::nullopt);
    EXPECT_EQ(blocks[3].data, "{}");
    EXPECT_EQ(blocks[3].id, "c1");
    EXPECT_EQ(blocks[4].id, "c2");
    EXPECT_EQ(blocks[4].data, "");
  }
}

TEST(ToldEvent, IsReadFromJson) {
  const auto event = [](const char* text) { return EventOf(boost::json::parse(text)); };
  const auto put = event(R"({"kind":"PUT","key":"/w==","state":{"value_text":"v"},"version":"1.00c0ffee00c0ffee.7",
                             "skipped":"3"})");
  ASSERT_TRUE(put.ok()) << put.status();
  EXPECT_EQ(put->key, "\xff");
  EXPECT_EQ(put->value, "v");
  EXPECT_EQ(put->skipped, 3u);
  EXPECT_EQ(net::FormatVersion(put->version), "1.00c0ffee00c0ffee.7");
  EXPECT_EQ(event(R"({"kind":"GAP","key_text":"a"})")->key, "a");
  EXPECT_EQ(event(R"({"kind":"SYNCED"})")->kind, ToldEvent::Kind::kSynced);
  for (const char* nonsense :
       {"1", "{}", R"({"kind":"MOVED"})", R"({"kind":"DELETED","key_text":"a"})",
        R"({"kind":"DELETED","version":"1.00c0ffee00c0ffee.7"})",
        R"({"kind":"PUT","key_text":"a","version":"1.00c0ffee00c0ffee.7"})",
        R"({"kind":"DELETED","key_text":"a","version":"7"})",
        R"({"kind":"DELETED","key_text":"a","version":"1.00c0ffee00c0ffee.7","skipped":"many"})"}) {
    EXPECT_FALSE(event(nonsense).ok()) << nonsense;
  }
}

}  // namespace
}  // namespace quoin::tests
