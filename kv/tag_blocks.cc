#include "kv/tag_blocks.h"

#include <rocksdb/flush_block_policy.h>
#include <rocksdb/slice.h>

#include <optional>
#include <utility>

namespace quoin::kv {
namespace {

// The first byte, and apart from that, records of partitions that hold no data of clients.
int KindOf(const rocksdb::Slice& key) {
  const bool inner = key.size() >= 2 && key[0] == 'r' && key[1] == '\xff';
  return key.empty() ? 0 : 2 * static_cast<unsigned char>(key[0]) + inner;
}

class TagPolicy final : public rocksdb::FlushBlockPolicy {
 public:
  explicit TagPolicy(std::unique_ptr<rocksdb::FlushBlockPolicy> by_size) : by_size_(std::move(by_size)) {}

  bool Update(const rocksdb::Slice& key, const rocksdb::Slice& value) override {
    const bool full = by_size_->Update(key, value);
    const int kind = KindOf(key);
    const bool other = kind_.has_value() && *kind_ != kind;
    kind_ = kind;
    return full || other;
  }

 private:
  const std::unique_ptr<rocksdb::FlushBlockPolicy> by_size_;
  std::optional<int> kind_;  // Of the key before.
};

class TagPolicyFactory final : public rocksdb::FlushBlockPolicyFactory {
 public:
  const char* Name() const override { return "quoin.BlocksOfOneTag"; }
  rocksdb::FlushBlockPolicy* NewFlushBlockPolicy(const rocksdb::BlockBasedTableOptions& options,
                                                 const rocksdb::BlockBuilder& block) const override {
    return new TagPolicy(std::unique_ptr<rocksdb::FlushBlockPolicy>(by_size_.NewFlushBlockPolicy(options, block)));
  }

 private:
  const rocksdb::FlushBlockBySizePolicyFactory by_size_;
};

}  // namespace

std::shared_ptr<rocksdb::FlushBlockPolicyFactory> BlocksOfOneTag() { return std::make_shared<TagPolicyFactory>(); }

}  // namespace quoin::kv
