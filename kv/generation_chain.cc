#include "kv/generation_chain.h"

#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "kv/coding.h"
#include "kv/engine_keys.h"

namespace quoin::kv {
namespace {

// The tag, then the number, big-endian so that markers stand in order.
std::string MarkerKey(std::uint64_t generation) {
  std::string key(1, kGenerationTag);
  for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<char>(generation >> shift));
  return key;
}

std::uint64_t GenerationOf(std::string_view key) {
  std::uint64_t generation = 0;
  for (const char byte : key.substr(1)) generation = generation << 8 | static_cast<std::uint8_t>(byte);
  return generation;
}

}  // namespace

Result<GenerationChain> GenerationChain::Load(rocksdb::DB& db) {
  std::set<std::uint64_t> generations;
  std::uint64_t first = 0;
  const std::string end(1, kGenerationTag + 1);
  const rocksdb::Slice upper_bound(end);
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &upper_bound;
  const std::unique_ptr<rocksdb::Iterator> it(db.NewIterator(options));
  for (it->Seek(MarkerKey(0)); it->Valid(); it->Next()) {
    ByteReader reader({it->value().data(), it->value().size()});
    first = reader.Fixed64();
    generations.insert(GenerationOf({it->key().data(), it->key().size()}));
  }
  if (!it->status().ok()) {
    return Status(it->status().IsCorruption() ? Code::kDamaged : Code::kIo,
                  "the engine's generations can't be read: " + it->status().ToString());
  }
  if (generations.empty()) return GenerationChain(1, 0);
  const std::uint64_t newest = *generations.rbegin();
  for (std::uint64_t generation = first; generation < newest; ++generation) {
    if (generations.contains(generation)) continue;
    return Status(Code::kDamaged, "the data directory has lost acknowledged writes: of the generations " +
                                      std::to_string(first) + " to " + std::to_string(newest) + ", number " +
                                      std::to_string(generation) + " is missing. A log or a manifest was damaged");
  }
  return GenerationChain(newest, newest);
}

void GenerationChain::AddMarker(rocksdb::WriteBatch* batch) const {
  std::string value;
  AppendFixed64(first_, &value);
  rocksdb::Status status = batch->Put(MarkerKey(newest_ + 1), value);
  // What the chain has left behind.
  if (status.ok()) status = batch->DeleteRange(MarkerKey(0), MarkerKey(first_));
  CHECK(status.ok()) << status.ToString();
}

void GenerationChain::Confirm() {
  ++newest_;
  due_ = false;
}

}  // namespace quoin::kv
