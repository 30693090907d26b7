#include "quorum/rounds.h"

#include <glog/logging.h>

#include <utility>

namespace quoin::quorum {
namespace {

void AddRefusals(std::vector<Delayed>&& waiting, Code code, std::vector<Envelope>* out) {
  for (Delayed& delayed : waiting) {
    if (!delayed.if_refused) continue;
    delayed.if_refused->code = code;
    out->push_back({delayed.envelope.to, delayed.envelope.partition, *std::move(delayed.if_refused)});
  }
}

}  // namespace

kv::Batch Rounds::Seal() {
  CHECK(!under_way_) << "one round at a time (N2)";
  under_way_ = true;
  sealed_ = std::exchange(open_.when_durable, {});
  return std::exchange(open_.batch, kv::Batch());
}

std::vector<Envelope> Rounds::OnDurable() {
  CHECK(under_way_);
  under_way_ = false;
  std::vector<Envelope> out;
  out.reserve(sealed_.size());
  for (Delayed& delayed : sealed_) out.push_back(std::move(delayed.envelope));
  sealed_.clear();
  return out;
}

std::vector<Envelope> Rounds::OnRefused(Code code) {
  CHECK(under_way_);
  under_way_ = false;
  std::vector<Envelope> out;
  AddRefusals(std::exchange(sealed_, {}), code, &out);
  // What was never handed over is certainly not stored, whatever became of the round before.
  AddRefusals(std::exchange(open_.when_durable, {}), code == Code::kUnknown ? Code::kReadOnly : code, &out);
  open_.batch = kv::Batch();
  return out;
}

}  // namespace quoin::quorum
