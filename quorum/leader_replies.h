// The two ways in which a leader says that it could not do something (I10).
#pragma once

#include <string>
#include <utility>

#include "base/status.h"
#include "quorum/operation.h"

namespace quoin::quorum {

// Of a copy whose id is below Sending::finished_below: nobody waits for the answer.
inline constexpr char kFinishedWith[] = "its client is finished with it";

// By this copy certainly not applied. REQUIRES: code != Code::kUnknown
inline Reply NotApplied(Code code, std::string why) {
  Reply reply;
  reply.outcome = Outcome::kError;
  reply.status = Status(code, std::move(why));
  return reply;
}

// May or may not have been applied, or may be later.
inline Reply Unknown(std::string why) {
  Reply reply;
  reply.outcome = Outcome::kError;
  reply.status = Status(Code::kUnknown, std::move(why));
  return reply;
}

}  // namespace quoin::quorum
