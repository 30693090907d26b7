// A bare Asio server that sends back every WebSocket message as it came: one event-loop thread, the framing of RFC 6455
// and nothing else. The yardstick for the node's WebSocket path (tests/bench/websocket.sh).
//
// What one read brings is answered in one write, as the node does it. The handshake is Beast's.
// Prints "listening on PORT" and runs until it is killed.
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "tests/bench/serve.h"

namespace {

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using asio::ip::tcp;

constexpr std::size_t kReadBufferBytes = 64 << 10;
constexpr unsigned kClose = 8;

class Session : public std::enable_shared_from_this<Session> {
 public:
  explicit Session(tcp::socket socket) : socket_(std::move(socket)), handshake_(socket_) {}

  void Open() {
    handshake_.set_option(websocket::stream_base::decorator([](websocket::response_type& response) {
      response.set(boost::beast::http::field::sec_websocket_protocol, "quoin.v1.protobuf");
    }));
    // The client sends nothing more until it has the answer, so nothing of its frames is in Beast's buffer afterwards.
    handshake_.async_accept([self = shared_from_this()](const auto& error) {
      if (!error) self->Read();
    });
  }

 private:
  void Read() {
    socket_.async_read_some(asio::buffer(input_.data() + held_, input_.size() - held_),
                            [self = shared_from_this()](const auto& error, std::size_t count) {
                              if (!error) self->Answer(count);
                            });
  }

  void Answer(std::size_t count) {
    held_ += count;
    output_.clear();
    std::size_t taken = 0;
    bool open = true;
    while (open && TakeFrame(&taken, &open)) {
    }
    std::memmove(input_.data(), input_.data() + taken, held_ - taken);
    held_ -= taken;
    // A frame that does not fit into the buffer is none of this benchmark's.
    if (!open || held_ == input_.size()) return socket_.close();
    if (output_.empty()) return Read();
    asio::async_write(socket_, asio::buffer(output_), [self = shared_from_this()](const auto& error, std::size_t) {
      if (!error) self->Read();
    });
  }

  // Answers the frame at `*taken`, if it is whole. A frame that only a benchmark gone wrong sends clears *open.
  bool TakeFrame(std::size_t* taken, bool* open) {
    const char* frame = input_.data() + *taken;
    const std::size_t there = held_ - *taken;
    if (there < 2) return false;
    const auto byte = [frame](std::size_t at) {
      return static_cast<std::size_t>(static_cast<unsigned char>(frame[at]));
    };
    const std::size_t length = byte(1) & 0x7f;
    *open = (byte(0) & 0xf0) == 0x80 && (byte(1) & 0x80) != 0 && length != 127 && (byte(0) & 0x0f) < kClose;
    if (!*open) return false;
    const std::size_t mask_at = length == 126 ? 4 : 2;
    const std::size_t payload_at = mask_at + 4;
    if (there < payload_at) return false;
    const std::size_t payload_bytes = length == 126 ? byte(2) << 8 | byte(3) : length;
    if (there - payload_at < payload_bytes) return false;

    output_.append(frame, mask_at);
    output_[output_.size() - mask_at + 1] = static_cast<char>(length);  // Without the bit that says masked.
    const std::size_t begin = output_.size();
    output_.append(frame + payload_at, payload_bytes);
    Unmask(frame + mask_at, output_.data() + begin, payload_bytes);
    *taken += payload_at + payload_bytes;
    return true;
  }

  static void Unmask(const char* mask, char* bytes, std::size_t size) {
    std::uint32_t narrow;
    std::memcpy(&narrow, mask, sizeof narrow);
    const std::uint64_t wide = static_cast<std::uint64_t>(narrow) << 32 | narrow;
    std::size_t i = 0;
    for (; i + 8 <= size; i += 8) {
      std::uint64_t word;
      std::memcpy(&word, bytes + i, sizeof word);
      word ^= wide;
      std::memcpy(bytes + i, &word, sizeof word);
    }
    for (; i < size; ++i) bytes[i] = static_cast<char>(bytes[i] ^ mask[i % 4]);
  }

  tcp::socket socket_;
  websocket::stream<tcp::socket&> handshake_;
  std::array<char, kReadBufferBytes> input_;
  std::size_t held_ = 0;  // So many bytes of input_ are there and not answered.
  std::string output_;
};

}  // namespace

int main() {
  quoin::bench::Serve([](tcp::socket socket) { std::make_shared<Session>(std::move(socket))->Open(); });
}
