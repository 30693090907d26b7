#include "base/status.h"

namespace quoin {

std::string_view CodeName(Code code) {
  switch (code) {
    case Code::kOk:
      return "ok";
    case Code::kInvalid:
      return "invalid";
    case Code::kUnavailable:
      return "unavailable";
    case Code::kDiskFull:
      return "disk full";
    case Code::kReadOnly:
      return "read-only";
    case Code::kUnknown:
      return "outcome unknown";
    case Code::kDamaged:
      return "damaged";
    case Code::kIo:
      return "disk error";
    case Code::kInUse:
      return "in use";
    case Code::kIncompatible:
      return "incompatible";
  }
  LOG(FATAL) << "no such code: " << static_cast<int>(code);
}

std::string Status::ToString() const {
  std::string text(CodeName(code_));
  if (!message_.empty()) text.append(": ").append(message_);
  return text;
}

std::ostream& operator<<(std::ostream& out, const Status& status) { return out << status.ToString(); }

}  // namespace quoin
