// What one WebSocket may ask for, and how long it may take (docs/websocket.md, "Limits").
#pragma once

#include <chrono>
#include <cstddef>

namespace quoin::net {

struct WebSocketLimits {
  std::size_t max_message_bytes = 8 << 20;  // Of a client's message.
  std::size_t max_requests = 1024;          // Unanswered at once.
  // Of messages whose requests are unanswered: beyond, no further is read. One message more may be there.
  std::size_t max_request_bytes = 16 << 20;
  // Of values that answers under way may have, and of answers that can't be sent: beyond, nothing that reads a value is
  // begun. One such request is always let through.
  std::size_t max_answer_bytes = 64 << 20;
  std::chrono::milliseconds idle_timeout{75'000};  // For a client that does not take its answers.
  std::chrono::milliseconds body_timeout{30'000};  // For a message to arrive whole.
  std::chrono::milliseconds request_timeout{5'000};
  std::chrono::milliseconds ping_interval{20'000};
  std::chrono::milliseconds ping_timeout{20'000};
};

// No further message is begun while so much output waits.
inline constexpr std::size_t kMaxWaitingOutputBytes = 256 << 10;
// So many pings, pongs and closes may come within a second.
inline constexpr int kMaxControlFramesPerSecond = 100;

}  // namespace quoin::net
