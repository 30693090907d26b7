// Events of watches on the wire: the messages Event and Events of net/proto/quoin.proto, put together by hand.
//
// An event that many watch is encoded once per thread and spelling, and then copied: the latest ones are remembered.
// Threads: any; each has its own memory, of at most some MiB.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "net/watch_buffer.h"
#include "net/websocket_handshake.h"

namespace quoin::net {

// One Event. Good until the next call on this thread.
const std::string& EncodeEvent(const WatchBuffer::Item& item, Subprotocol subprotocol);
// "put", as it stands in `event:`.
std::string_view EventName(quorum::WatchEvent::Kind kind);

// The inside of one Events message.
class EventsBody {
 public:
  explicit EventsBody(Subprotocol subprotocol) : subprotocol_(subprotocol) {}

  void Add(const WatchBuffer::Item& item);
  void SetCursor(std::string bytes) { cursor_ = std::move(bytes); }
  bool empty() const { return events_.empty() && cursor_.empty(); }
  std::size_t size_bytes() const { return events_.size() + cursor_.size(); }

  // Appends a ServerFrame as a whole WebSocket message, head and all. Says how many bytes its payload has.
  std::size_t AppendFrame(std::uint32_t id, std::string* out) const;
  // {"events": [...], "cursor": "..."}; without the cursor where its text is empty. REQUIRES: Subprotocol::kJson.
  std::string Json(std::string_view cursor_text) const;

 private:
  const Subprotocol subprotocol_;
  std::string events_;
  std::string cursor_;
};

}  // namespace quoin::net
