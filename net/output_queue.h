// OutputQueue: the bytes that a session wants written, in order. Small pieces are gathered into few buffers, so that a
// write carries many answers; large ones are kept where they are.
//
// Invariants:
//   O1  a view that Collect gave out stays good until Written has passed it: buffers that were given out don't grow.
//
// Threads: none of its own; belongs to one session.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "kv/record.h"

namespace quoin::net {

class OutputQueue {
 public:
  // From this size on, bytes are not copied.
  static constexpr std::size_t kLargeBytes = 16 << 10;

  // The buffer to append small pieces to. REQUIRES: Settle() afterwards, before any other call.
  std::string& Tail();
  void Settle();

  void AppendOwned(std::string bytes);
  void AppendConstant(std::string_view bytes);
  void AppendValue(kv::RecordPtr record);

  bool empty() const { return size_bytes_ == 0; }
  std::size_t size_bytes() const { return size_bytes_; }

  void Collect(std::vector<std::string_view>& views, std::size_t limit) const;
  // REQUIRES: count <= what Collect gave out.
  void Written(std::size_t count);

 private:
  struct Chunk {
    std::string bytes;
    kv::RecordPtr record;       // When given, its value is the chunk.
    std::string_view constant;  // When not empty, it is the chunk.

    std::string_view view() const {
      return record != nullptr  ? std::string_view(record->value)
             : constant.empty() ? std::string_view(bytes)
                                : constant;
    }
  };

  std::deque<Chunk> chunks_;
  std::size_t front_written_bytes_ = 0;  // Of the first chunk.
  mutable std::size_t given_out_ = 0;    // So many chunks from the front were given out.
  std::size_t size_bytes_ = 0;
  std::size_t tail_bytes_before_ = 0;
  std::string spare_;  // An emptied buffer, to be used again.
};

}  // namespace quoin::net
