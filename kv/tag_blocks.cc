#include "kv/tag_blocks.h"

#include <rocksdb/flush_block_policy.h>
#include <rocksdb/slice.h>

#include <optional>
#include <utility>

namespace quoin::kv {
namespace {

class TagPolicy final : public rocksdb::FlushBlockPolicy {
 public:
  explicit TagPolicy(std::unique_ptr<rocksdb::FlushBlockPolicy> by_size) : by_size_(std::move(by_size)) {}

  bool Update(const rocksdb::Slice& key, const rocksdb::Slice& value) override {
    const bool full = by_size_->Update(key, value);
    const char tag = key.empty() ? '\0' : key[0];
    const bool other = tag_.has_value() && *tag_ != tag;
    tag_ = tag;
    return full || other;
  }

 private:
  const std::unique_ptr<rocksdb::FlushBlockPolicy> by_size_;
  std::optional<char> tag_;  // Of the key before.
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
