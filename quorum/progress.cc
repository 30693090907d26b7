#include "quorum/progress.h"

#include <glog/logging.h>

namespace quoin::quorum {

std::string_view WishName(MembershipWish wish) {
  switch (wish) {
    case MembershipWish::kJoin:
      return "join";
    case MembershipWish::kDrain:
      return "drain";
    case MembershipWish::kCancel:
      return "cancel";
    case MembershipWish::kRemove:
      return "remove";
    case MembershipWish::kReplace:
      return "replace";
  }
  LOG(FATAL) << "no such wish: " << static_cast<int>(wish);
}

std::string_view ActionName(Action::Kind kind) {
  switch (kind) {
    case Action::Kind::kJoin:
      return "join";
    case Action::Kind::kDrain:
      return "drain";
    case Action::Kind::kRemove:
      return "remove";
    case Action::Kind::kReplace:
      return "replace";
    case Action::Kind::kBalance:
      return "balance";
  }
  LOG(FATAL) << "no such action: " << static_cast<int>(kind);
}

std::string_view ActionStateName(Action::State state) {
  switch (state) {
    case Action::State::kRunning:
      return "running";
    case Action::State::kDone:
      return "done";
    case Action::State::kCancelled:
      return "cancelled";
  }
  LOG(FATAL) << "no such state: " << static_cast<int>(state);
}

}  // namespace quoin::quorum
