#include "net/open_watch.h"

#include <cstdint>
#include <utility>

namespace quoin::net {

OpenWatch::OpenWatch(WatchSource& source, WatchGate::Place place, WatchOrder order, const Options& options,
                     std::function<void()> on_news)
    : source_(source),
      gate_(std::move(place)),
      scope_(order.scope),
      pace_(options.pace),
      on_news_(std::move(on_news)),
      buffer_(std::move(order.request), order.scope.cluster.partition_count, options.limits) {
  Begin(buffer_.request());
}

OpenWatch::~OpenWatch() {
  if (id_.has_value()) source_.End(*id_);
  gate_->ChangeWaiting(weighed_bytes_, 0);
}

void OpenWatch::Begin(quorum::WatchRequest request) {
  id_ = source_.Begin(std::move(request), pace_, [this](WatchNotice notice) { OnNotice(std::move(notice)); });
}

void OpenWatch::OnNotice(WatchNotice notice) {
  const bool had_news = has_news();
  const std::size_t share_bytes = gate_->ShareBytes();
  buffer_.Add(std::move(notice.events), std::move(notice.positions), share_bytes);
  if (!notice.status.ok()) {
    id_.reset();
    end_ = std::move(notice.status);
  } else if (buffer_.behind() && id_.has_value()) {
    squeezed_ = share_bytes < SIZE_MAX;
    source_.End(*std::exchange(id_, std::nullopt));
  }
  Weigh();
  if (had_news || !has_news()) return;
  // A copy: the watch may go during the call.
  const auto on_news = on_news_;
  on_news();
}

void OpenWatch::Weigh() {
  gate_->CountConflated(buffer_.TakeConflated());
  gate_->ChangeWaiting(weighed_bytes_, buffer_.size_bytes());
  weighed_bytes_ = buffer_.size_bytes();
}

const WatchBuffer::Item* OpenWatch::Take() {
  const WatchBuffer::Item* const item = buffer_.Take();
  if (item == nullptr) return nullptr;
  if (item->event.kind == quorum::WatchEvent::Kind::kGap) gate_->CountGap();
  gate_->CountEvent();
  Weigh();
  return item;
}

std::optional<std::string> OpenWatch::TakeCursor() {
  const WatchPositionsPtr positions = buffer_.TakePositions();
  if (positions == nullptr) return std::nullopt;
  return EncodeCursor(scope_, *positions);
}

ProblemReport OpenWatch::problem() const {
  if (end_.code() == Code::kInvalid) return {Problem::kBadParameter, end_.message()};
  if (end_.code() == Code::kUnavailable) return {Problem::kTooManyWatches, end_.message(), "max_watches"};
  return ProblemOf(end_, /*is_write=*/false, {});
}

void OpenWatch::Resume() {
  if (!buffer_.behind() || buffer_.has_items() || !end_.ok()) return;
  if (buffer_.restarts() >= kMaxRestarts) {
    end_ = Status(Code::kInvalid,
                  "the state of what is watched can't be told as slowly as it is taken: scan it, and watch without it");
    return;
  }
  gate_->CountRestart();
  Begin(buffer_.BeginAnew());
}

}  // namespace quoin::net
