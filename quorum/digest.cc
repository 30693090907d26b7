#include "quorum/digest.h"

#include <xxhash.h>

#include <string>

namespace quoin::quorum {
namespace {

void AppendU64(std::uint64_t value, std::string* out) {
  for (int shift = 0; shift < 64; shift += 8) out->push_back(static_cast<char>(value >> shift));
}

}  // namespace

std::uint64_t DigestOf(const std::vector<Compared::Entry>& entries, std::uint64_t salt) {
  std::string bytes;
  bool damaged = false;
  for (const Compared::Entry& entry : entries) {
    AppendU64(entry.key.size(), &bytes);
    bytes += entry.key;
    AppendU64(entry.version.ballot.round, &bytes);
    AppendU64(entry.version.ballot.node.value, &bytes);
    AppendU64(entry.version.sequence, &bytes);
    damaged = damaged || entry.damaged;
  }
  const std::uint64_t digest = XXH3_64bits_withSeed(bytes.data(), bytes.size(), salt);
  // Whoever compares the digest of damaged entries with its own must find them different.
  return damaged ? ~digest : digest;
}

std::uint64_t DigestOfKey(std::string_view key, std::uint64_t salt) {
  return XXH3_64bits_withSeed(key.data(), key.size(), salt);
}

}  // namespace quoin::quorum
