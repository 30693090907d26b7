#include "kv/acknowledged_mark.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "kv/coding.h"
#include "kv/data_directory.h"

namespace quoin::kv {
namespace {

constexpr std::uint8_t kAcknowledgedFormat = 1;
constexpr std::size_t kFileBytes = kEnvelopeBytes + 16;

std::string ErrnoText() { return std::generic_category().message(errno); }

}  // namespace

std::optional<AcknowledgedMark::Content> AcknowledgedMark::Read(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    LOG(WARNING) << path << " can't be read (" << ErrnoText()
                 << "): nothing tells how far the log must reach, so a log that was cut off goes unnoticed this time";
    return std::nullopt;
  }
  char bytes[kFileBytes + 1];
  const ssize_t size = pread(file, bytes, sizeof(bytes), 0);
  close(file);
  std::string_view payload;
  const Status status = OpenEnvelope(StoredKind::kAcknowledged, kAcknowledgedFormat, PartitionId{}, {}, path,
                                     {bytes, size > 0 ? static_cast<std::size_t>(size) : 0}, &payload);
  ByteReader reader(payload);
  Content content;
  content.node = NodeId{reader.Fixed64()};
  content.sequence = reader.Fixed64();
  if (!status.ok() || !reader.ok() || !reader.rest().empty()) {
    LOG(WARNING) << path << " is damaged: a log that was cut off goes unnoticed this time";
    return std::nullopt;
  }
  return content;
}

Result<std::unique_ptr<AcknowledgedMark>> AcknowledgedMark::Open(const std::string& path, NodeId node,
                                                                 std::uint64_t sequence) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0) return Status(Code::kIo, path + " can't be written: " + ErrnoText());
  std::unique_ptr<AcknowledgedMark> mark(new AcknowledgedMark(path, file, node));
  if (!mark->Write(sequence) || ftruncate(file, kFileBytes) != 0 || fdatasync(file) != 0) {
    return Status(errno == ENOSPC ? Code::kDiskFull : Code::kIo, path + " can't be written: " + ErrnoText());
  }
  QUOIN_RETURN_IF_ERROR(SyncDirectory(path.substr(0, path.rfind('/'))));
  return mark;
}

AcknowledgedMark::~AcknowledgedMark() {
  if (fdatasync(file_) != 0) LOG(WARNING) << path_ << " can't be synced: " << ErrnoText();
  close(file_);
}

void AcknowledgedMark::Advance(std::uint64_t sequence) {
  if (Write(sequence) || failure_logged_) return;
  failure_logged_ = true;
  LOG(WARNING) << path_ << " can't be written (" << ErrnoText() << "): it stays behind";
}

bool AcknowledgedMark::Write(std::uint64_t sequence) {
  std::string bytes;
  bytes.reserve(kFileBytes);
  BeginEnvelope(kAcknowledgedFormat, &bytes);
  AppendFixed64(node_.value, &bytes);
  AppendFixed64(sequence, &bytes);
  SealEnvelope(StoredKind::kAcknowledged, PartitionId{}, {}, 0, &bytes);
  return pwrite(file_, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size());
}

}  // namespace quoin::kv
