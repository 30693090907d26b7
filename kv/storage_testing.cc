#include "kv/storage_testing.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <iterator>
#include <utility>

namespace quoin::kv {
namespace fs = std::filesystem;

TemporaryDirectory::TemporaryDirectory() {
  std::string name = testing::TempDir() + "/kv.XXXXXX";
  CHECK(mkdtemp(name.data()) != nullptr) << name;
  path_ = fs::path(name).lexically_normal();
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

Record MakeRecord(std::string value, std::uint64_t sequence) {
  Record record;
  record.accepted = Version{Ballot{1, NodeId{7}}, sequence};
  record.changed = record.accepted;
  record.value = std::move(value);
  return record;
}

Record MakeTombstone(std::uint64_t sequence) {
  Record record = MakeRecord({}, sequence);
  record.tombstone = true;
  return record;
}

Status PutOne(Storage& storage, PartitionId partition, std::string_view key, const Record& record) {
  Batch batch;
  batch.PutRecord(partition, key, record);
  return storage.Write(batch);
}

std::string ValueOf(const Storage& storage, PartitionId partition, std::string_view key) {
  const Result<RecordPtr> record = storage.Get(partition, key);
  if (!record.ok()) return "<" + std::string(CodeName(record.code())) + ">";
  return *record == nullptr ? "<absent>" : (*record)->value;
}

std::vector<std::string> Drain(Cursor& cursor) {
  std::vector<std::string> entries;
  for (; cursor.Valid(); cursor.Next()) {
    const Result<Record> record = cursor.record();
    const std::string value = record.ok() ? record->value : "<" + std::string(CodeName(record.code())) + ">";
    entries.push_back(std::string(cursor.key()) + "=" + value);
  }
  if (!cursor.status().ok()) entries.push_back("<" + std::string(CodeName(cursor.status().code())) + ">");
  return entries;
}

std::vector<std::string> ScanAll(const Storage& storage, PartitionId partition, std::string_view from) {
  const std::unique_ptr<Snapshot> snapshot = storage.TakeSnapshot();
  return Drain(*snapshot->Scan(partition, from));
}

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  CHECK(file) << path;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

void WriteFile(const fs::path& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  CHECK(file.flush()) << path;
}

}  // namespace quoin::kv
