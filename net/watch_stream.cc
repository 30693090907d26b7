#include "net/watch_stream.h"

#include <algorithm>
#include <utility>

#include "net/operation_proto.h"
#include "net/watch_encoding.h"
#include "net/watch_request.h"

namespace quoin::net {
namespace {

// A message ends with the event that makes it so large: other watches and answers get their turn.
constexpr std::size_t kMessageBytes = 64 << 10;

}  // namespace

std::optional<ProblemReport> WatchStream::Begin(std::uint32_t id, v1::Watch& message) {
  const auto cluster = source_ == nullptr ? std::nullopt : source_->cluster();
  if (!cluster.has_value()) return ProblemReport{Problem::kNotJoined, "this node knows of no cluster to watch yet"};
  auto order = TakeWatch(message, *cluster);
  if (!order.ok()) return ProblemReport{Problem::kBadBody, order.status().message()};
  if (open_.size() >= kMaxWatches) {
    return ProblemReport{Problem::kTooManyWatches, "one WebSocket has at most " + std::to_string(kMaxWatches) +
                                                       " watches; a watch may have several targets"};
  }
  WatchGate::Place place = gate_.Enter();
  if (place == nullptr) return gate_.TooManyWatches();
  OpenWatch::Options options;
  options.limits.max_bytes = std::max(kMinWatchBytes, kMaxWaitingBytes / (open_.size() + 1));
  Open& open = open_[id];
  open.watch =
      std::make_unique<OpenWatch>(*source_, std::move(place), *std::move(order), options, [this, id] { OnNews(id); });
  // What is there from the start: a gap.
  if (open.watch->has_news()) OnNews(id);
  return std::nullopt;
}

void WatchStream::OnNews(std::uint32_t id) {
  Open& open = open_.find(id)->second;
  if (open.ready) return;
  open.ready = true;
  ready_.push_back(id);
  // A copy: the stream may go during the call.
  const auto on_news = on_news_;
  on_news();
}

std::size_t WatchStream::AppendNext(std::string* out) {
  while (!ready_.empty()) {
    const std::uint32_t id = ready_.front();
    ready_.pop_front();
    const auto found = open_.find(id);
    if (found == open_.end() || !found->second.ready) continue;
    found->second.ready = false;
    if (found->second.watch->has_ended()) {
      const ProblemReport problem = found->second.watch->problem();
      open_.erase(found);
      return AppendEnd(id, problem, out);
    }
    if (const std::size_t payload_bytes = AppendEvents(id, found->second, out); payload_bytes > 0) return payload_bytes;
  }
  return 0;
}

std::size_t WatchStream::AppendEvents(std::uint32_t id, Open& open, std::string* out) {
  EventsBody body(subprotocol_);
  while (body.size_bytes() < kMessageBytes) {
    const WatchBuffer::Item* const item = open.watch->Take();
    if (item == nullptr) break;
    body.Add(*item);
  }
  if (auto cursor = open.watch->TakeCursor(); cursor.has_value()) body.SetCursor(*std::move(cursor));
  open.watch->Resume();
  if (open.watch->has_news()) {
    open.ready = true;
    ready_.push_back(id);
  }
  return body.empty() ? 0 : body.AppendFrame(id, out);
}

std::size_t WatchStream::AppendEnd(std::uint32_t id, const ProblemReport& problem, std::string* out) const {
  v1::ServerFrame frame;
  frame.set_id(id);
  frame.mutable_result()->set_outcome(v1::ERROR);
  FillProblem(problem, frame.mutable_result()->mutable_problem());
  return AppendServerFrame(frame, subprotocol_, out);
}

}  // namespace quoin::net
