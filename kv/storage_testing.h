// What the tests of storages share.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "kv/storage.h"

namespace quoin::kv {

// A directory of its own under the test's temporary directory; gone with the object.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string Sub(std::string_view name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

// A valid record that holds the value; its versions have this sequence.
Record MakeRecord(std::string value, std::uint64_t sequence = 1);
Record MakeTombstone(std::uint64_t sequence = 1);

// Puts the record alone; the status of the write.
Status PutOne(Storage& storage, PartitionId partition, std::string_view key, const Record& record);

// The value stored under the key; "<absent>" when there is none, otherwise "<the status's code>".
std::string ValueOf(const Storage& storage, PartitionId partition, std::string_view key);

// "key=value" of every record that the cursor meets, in its order; a last "<status>" when the scan ended in an error.
std::vector<std::string> Drain(Cursor& cursor);
// All of a partition, by a snapshot of now.
std::vector<std::string> ScanAll(const Storage& storage, PartitionId partition, std::string_view from = {});

std::string ReadFile(const std::filesystem::path& path);
void WriteFile(const std::filesystem::path& path, std::string_view bytes);

}  // namespace quoin::kv
