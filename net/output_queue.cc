#include "net/output_queue.h"

#include <glog/logging.h>

#include <utility>

namespace quoin::net {
namespace {

constexpr std::size_t kMaxBufferBytes = 64 << 10;
// An idle connection keeps no more than this.
constexpr std::size_t kMaxSpareBytes = 4 << 10;

}  // namespace

std::string& OutputQueue::Tail() {
  const bool can_grow = chunks_.size() > given_out_ && chunks_.back().record == nullptr &&
                        chunks_.back().constant.empty() && chunks_.back().bytes.size() < kMaxBufferBytes;
  if (!can_grow) chunks_.push_back({std::exchange(spare_, std::string()), nullptr, {}});
  tail_bytes_before_ = chunks_.back().bytes.size();
  return chunks_.back().bytes;
}

void OutputQueue::Settle() { size_bytes_ += chunks_.back().bytes.size() - tail_bytes_before_; }

void OutputQueue::AppendOwned(std::string bytes) {
  if (bytes.empty()) return;
  if (bytes.size() < kLargeBytes) {
    Tail().append(bytes);
    return Settle();
  }
  size_bytes_ += bytes.size();
  chunks_.push_back({std::move(bytes), nullptr, {}});
}

void OutputQueue::AppendConstant(std::string_view bytes) {
  if (bytes.empty()) return;
  if (bytes.size() < kLargeBytes) {
    Tail().append(bytes);
    return Settle();
  }
  size_bytes_ += bytes.size();
  chunks_.push_back({{}, nullptr, bytes});
}

void OutputQueue::AppendValue(kv::RecordPtr record) {
  if (record->value.empty()) return;
  if (record->value.size() < kLargeBytes) {
    Tail().append(record->value);
    return Settle();
  }
  size_bytes_ += record->value.size();
  chunks_.push_back({{}, std::move(record), {}});
}

void OutputQueue::Collect(std::vector<std::string_view>& views, std::size_t limit) const {
  std::size_t offset = front_written_bytes_;
  std::size_t index = 0;
  for (const Chunk& chunk : chunks_) {
    if (index == limit) break;
    ++index;
    views.push_back(chunk.view().substr(offset));
    offset = 0;
  }
  given_out_ = std::max(given_out_, index);
}

void OutputQueue::Written(std::size_t count) {
  CHECK_LE(count, size_bytes_);
  size_bytes_ -= count;
  front_written_bytes_ += count;
  while (!chunks_.empty() && front_written_bytes_ >= chunks_.front().view().size()) {
    CHECK_GT(given_out_, 0u);
    --given_out_;
    Chunk& front = chunks_.front();
    front_written_bytes_ -= front.view().size();
    if (front.bytes.capacity() > spare_.capacity() && front.bytes.capacity() <= kMaxSpareBytes) {
      spare_ = std::move(front.bytes);
      spare_.clear();
    }
    chunks_.pop_front();
  }
}

}  // namespace quoin::net
