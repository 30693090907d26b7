// Quoin's own protocol, as tests/bench/load_connection.cc speaks it.
#include <glog/logging.h>

#include "net/proto/quoin.pb.h"
#include "tests/bench/load_answer.h"
#include "tests/bench/peer_client.h"
#include "tests/bench/websocket_client.h"

namespace quoin::bench {
namespace {

constexpr std::uint32_t kId = 1;  // One request at a time.

class QuoinClient final : public PeerClient {
 public:
  void Put(std::string_view key, std::string_view value, std::string* output) override {
    v1::ClientFrame& frame = Frame(key);
    frame.mutable_operation()->mutable_put()->set_value(value.data(), value.size());
    *output += MaskedFrame(kBinary, frame.SerializeAsString());
  }
  void Get(std::string_view key, std::string* output) override {
    v1::ClientFrame& frame = Frame(key);
    frame.mutable_operation()->mutable_get();
    *output += MaskedFrame(kBinary, frame.SerializeAsString());
  }

  std::optional<PeerAnswer> Take(std::string_view* input, std::string* output) override {
    while (const auto frame = TakeFrame(input)) {
      if (frame->opcode == kPing) {
        *output += MaskedFrame(kPong, frame->payload);
        continue;
      }
      CHECK_EQ(frame->opcode, kBinary) << "the node closes the connection";
      if (!greeted_) {
        v1::ServerFrame hello;
        CHECK(hello.ParseFromArray(frame->payload.data(), static_cast<int>(frame->payload.size())) &&
              hello.has_hello());
        greeted_ = true;
        continue;
      }
      const auto answer = ReadLoadAnswer(frame->payload);
      CHECK(answer.has_value() && answer->id == kId) << "an answer to nothing that was asked";
      return PeerAnswer{answer->done ? "" : answer->failure};
    }
    return std::nullopt;
  }

 private:
  v1::ClientFrame& Frame(std::string_view key) {
    frame_.Clear();
    frame_.set_id(kId);
    frame_.mutable_operation()->set_key(key.data(), key.size());
    return frame_;
  }

  v1::ClientFrame frame_;
  bool greeted_ = false;
};

}  // namespace

std::unique_ptr<PeerClient> NewQuoinClient() { return std::make_unique<QuoinClient>(); }

}  // namespace quoin::bench
