// Versions as text, and as entity-tags in conditional requests (docs/api.md; RFC 9110, sections 8.8.3 and 13.1).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kv/version.h"

namespace quoin::net {

// "3.00c0ffee00c0ffee.41"
std::string FormatVersion(const kv::Version& version);
// Exactly what FormatVersion writes: no other spelling of the same version.
std::optional<kv::Version> ParseVersion(std::string_view text);

// Appends the version in quotes: a strong entity-tag.
void AppendEntityTag(const kv::Version& version, std::string* out);

// If-Match or If-None-Match.
struct EntityTags {
  bool any = false;                   // "*"
  std::vector<kv::Version> versions;  // Those tags of the list that can match; others are no version of ours.
};

// The field's values, of all its lines together. A weak tag ("W/...") matches only where the comparison is weak, which
// it is for If-None-Match. nullopt: no list of entity-tags, or more than kMaxEntityTags.
inline constexpr std::size_t kMaxEntityTags = 256;
std::optional<EntityTags> ParseEntityTags(const std::vector<std::string_view>& values, bool weak_comparison);

}  // namespace quoin::net
