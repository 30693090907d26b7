// AcknowledgedMark: a small file beside the engine that says how far the engine must reach when it is opened again.
//
// A log that was cut off by a crash and a log that somebody cut off look the same, and the engine takes both for a torn
// tail. The mark tells them apart: it holds the engine's sequence after the newest acknowledged batch. It is written
// after the batch is durable and never synced on the way, so it costs no disk round trip and never runs ahead of the
// log; after a crash of the process it is exact, after a power cut it is as old as the kernel's last writeback.
//
// Thread safety: none; belongs to the thread that writes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/status.h"

namespace quoin::kv {

class AcknowledgedMark {
 public:
  struct Content {
    NodeId node;
    std::uint64_t sequence = 0;
  };

  // What the file says; nullopt when it isn't there or is damaged (which is logged: there is then nothing to hold the
  // engine to, and no record is lost for that).
  static std::optional<Content> Read(const std::string& path);

  // Opens the file for writing and says so durably that it is there.
  static Result<std::unique_ptr<AcknowledgedMark>> Open(const std::string& path, NodeId node, std::uint64_t sequence);
  // Makes the last mark durable.
  ~AcknowledgedMark();
  AcknowledgedMark(const AcknowledgedMark&) = delete;
  AcknowledgedMark& operator=(const AcknowledgedMark&) = delete;

  // A failure is logged once and otherwise ignored: an old mark holds the engine to less, but to nothing wrong.
  void Advance(std::uint64_t sequence);

 private:
  AcknowledgedMark(std::string path, int file, NodeId node) : path_(std::move(path)), file_(file), node_(node) {}

  bool Write(std::uint64_t sequence);

  const std::string path_;
  const int file_;
  const NodeId node_;
  bool failure_logged_ = false;
};

}  // namespace quoin::kv
