// The Redis protocol, RESP2: https://redis.io/docs/latest/develop/reference/protocol-spec/
#include <glog/logging.h>

#include <charconv>

#include "tests/bench/peer_client.h"

namespace quoin::bench {
namespace {

// How long a write waits for a replica, in milliseconds; beyond, it counts as failed.
constexpr std::string_view kWait = "*3\r\n$4\r\nWAIT\r\n$1\r\n1\r\n$4\r\n5000\r\n";

class RedisClient final : public PeerClient {
 public:
  explicit RedisClient(bool puts) : puts_(puts) {}

  void Put(std::string_view key, std::string_view value, std::string* output) override {
    *output += "*3\r\n$3\r\nSET\r\n";
    AppendBulk(key, output);
    AppendBulk(value, output);
    *output += kWait;
  }
  void Get(std::string_view key, std::string* output) override {
    *output += "*2\r\n$3\r\nGET\r\n";
    AppendBulk(key, output);
  }

  std::optional<PeerAnswer> Take(std::string_view* input, std::string*) override {
    while (const auto reply = TakeReply(input)) {
      if (!puts_) {
        if (reply->starts_with('-')) return PeerAnswer{std::string(*reply)};
        return PeerAnswer{reply->starts_with("$-") ? "absent" : ""};
      }
      if (!stored_) {
        stored_.emplace(*reply);
        continue;
      }
      const std::string stored = *stored_;
      stored_.reset();
      if (stored != "+OK") return PeerAnswer{stored};
      return PeerAnswer{*reply == ":0" ? "no replica has it" : reply->starts_with(':') ? "" : std::string(*reply)};
    }
    return std::nullopt;
  }

 private:
  static void AppendBulk(std::string_view text, std::string* output) {
    *output += '$';
    *output += std::to_string(text.size());
    *output += "\r\n";
    *output += text;
    *output += "\r\n";
  }

  // The first line of a whole reply, whose bulk string is taken with it.
  static std::optional<std::string_view> TakeReply(std::string_view* input) {
    const std::size_t end = input->find("\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = input->substr(0, end);
    CHECK(!line.empty()) << "an empty line is no reply";
    std::size_t whole = end + 2;
    if (line.front() == '$' && line != "$-1") {
      std::size_t size = 0;
      const auto [last, error] = std::from_chars(line.data() + 1, line.data() + line.size(), size);
      CHECK(error == std::errc() && last == line.data() + line.size()) << line;
      whole += size + 2;
    }
    if (input->size() < whole) return std::nullopt;
    input->remove_prefix(whole);
    return line;
  }

  const bool puts_;
  std::optional<std::string> stored_;  // What SET was answered, until WAIT is, too.
};

}  // namespace

std::unique_ptr<PeerClient> NewRedisClient(bool puts) { return std::make_unique<RedisClient>(puts); }

}  // namespace quoin::bench
