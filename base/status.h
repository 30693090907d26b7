// Status and Result<T>: what a call reports when a peer, a client, a disk or a flag did something that the program must
// live with. Broken invariants of our own are CHECKs instead, and no exception crosses a package.
//
// A code exists only where some caller reacts to it. The most important line runs between kUnknown and all the others:
// a write that ended in any other error has certainly not been applied; one that ended in kUnknown may or may not have
// been (invariant I10), and nobody may turn the one into the other.
#pragma once

#include <glog/logging.h>

#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

namespace quoin {

enum class Code {
  kOk,
  kInvalid,       // The input was wrong; the message says what and what would be right.
  kUnavailable,   // Not now, certainly not applied: starting, stopping, overloaded. Trying again later may work.
  kDiskFull,      // Refused because the disk is full, certainly not applied. Works again once there is space.
  kReadOnly,      // The storage has stopped writing for good, certainly not applied. Reads go on.
  kUnknown,       // The write may or may not have been applied, or may be later.
  kDamaged,       // Stored bytes fail their checksum. Never to be taken for "absent".
  kIo,            // A read from the disk failed.
  kInUse,         // Another process holds the resource.
  kIncompatible,  // The data is of another cluster, half-made, or newer than this program.
};

// The code's name as it stands in logs: "disk full".
std::string_view CodeName(Code code);

class [[nodiscard]] Status {
 public:
  Status() = default;
  // REQUIRES: code != kOk; the message is a sentence part for people, without a full stop.
  Status(Code code, std::string message) : code_(code), message_(std::move(message)) { CHECK(code != Code::kOk); }

  static Status Ok() { return {}; }

  bool ok() const { return code_ == Code::kOk; }
  Code code() const { return code_; }
  const std::string& message() const { return message_; }

  // "disk full: 12 MiB are free under /data and 64 MiB are kept in reserve"
  std::string ToString() const;

  friend bool operator==(const Status&, const Status&) = default;

 private:
  Code code_ = Code::kOk;
  std::string message_;
};

std::ostream& operator<<(std::ostream& out, const Status& status);

// A value, or the status that says why there is none.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}                                 // NOLINT: implicit by design
  Result(Status status) : status_(std::move(status)) { CHECK(!status_.ok()); }  // NOLINT: implicit by design

  bool ok() const { return status_.ok(); }
  const Status& status() const { return status_; }
  Code code() const { return status_.code(); }

  // REQUIRES: ok()
  const T& value() const& {
    CHECK(ok()) << status_;
    return *value_;
  }
  T& value() & {
    CHECK(ok()) << status_;
    return *value_;
  }
  T&& value() && {
    CHECK(ok()) << status_;
    return *std::move(value_);
  }
  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }

 private:
  Status status_;
  std::optional<T> value_;
};

}  // namespace quoin

// Returns early with the status of an expression that failed.
#define QUOIN_RETURN_IF_ERROR(expression)                                  \
  do {                                                                     \
    if (::quoin::Status quoin_status = (expression); !quoin_status.ok()) { \
      return quoin_status;                                                 \
    }                                                                      \
  } while (false)
