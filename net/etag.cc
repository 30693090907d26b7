#include "net/etag.h"

#include <charconv>

#include "base/text.h"

namespace quoin::net {
namespace {

void AppendDecimal(std::uint64_t number, std::string* out) {
  char digits[20];
  const auto result = std::to_chars(digits, digits + sizeof(digits), number);
  out->append(digits, result.ptr);
}

void AppendVersion(const kv::Version& version, std::string* out) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  AppendDecimal(version.ballot.round, out);
  out->push_back('.');
  for (int shift = 60; shift >= 0; shift -= 4) out->push_back(kDigits[version.ballot.node.value >> shift & 15]);
  out->push_back('.');
  AppendDecimal(version.sequence, out);
}

void SkipBlanks(std::string_view* text) {
  while (!text->empty() && (text->front() == ' ' || text->front() == '\t')) text->remove_prefix(1);
}

// Takes one entity-tag off the front of *text. The view is what stands between the quotes.
struct EntityTag {
  bool weak = false;
  std::string_view opaque;
};
std::optional<EntityTag> TakeEntityTag(std::string_view* text) {
  EntityTag tag;
  if (text->starts_with("W/")) {
    tag.weak = true;
    text->remove_prefix(2);
  }
  if (text->empty() || text->front() != '"') return std::nullopt;
  const std::size_t end = text->find('"', 1);
  if (end == std::string_view::npos) return std::nullopt;
  tag.opaque = text->substr(1, end - 1);
  for (const char c : tag.opaque) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == '\x7f') return std::nullopt;
  }
  text->remove_prefix(end + 1);
  return tag;
}

}  // namespace

std::string FormatVersion(const kv::Version& version) {
  std::string text;
  AppendVersion(version, &text);
  return text;
}

std::optional<kv::Version> ParseVersion(std::string_view text) {
  const std::size_t first = text.find('.');
  const std::size_t last = text.rfind('.');
  if (first == std::string_view::npos || last == first) return std::nullopt;
  const auto round = ParseUint64(text.substr(0, first));
  const auto node = ParseHex64(text.substr(first + 1, last - first - 1));
  const auto sequence = ParseUint64(text.substr(last + 1));
  if (!round.has_value() || !node.has_value() || !sequence.has_value()) return std::nullopt;
  const kv::Version version{{*round, NodeId{*node}}, *sequence};
  if (FormatVersion(version) != text) return std::nullopt;
  return version;
}

void AppendEntityTag(const kv::Version& version, std::string* out) {
  out->push_back('"');
  AppendVersion(version, out);
  out->push_back('"');
}

std::optional<EntityTags> ParseEntityTags(const std::vector<std::string_view>& values, bool weak_comparison) {
  EntityTags tags;
  if (values.size() == 1 && values.front() == "*") {
    tags.any = true;
    return tags;
  }
  std::size_t count = 0;
  for (std::string_view rest : values) {
    while (true) {
      SkipBlanks(&rest);
      if (rest.empty()) break;
      if (rest.front() == ',') {  // Empty list elements are allowed (RFC 9110, section 5.6.1).
        rest.remove_prefix(1);
        continue;
      }
      const auto tag = TakeEntityTag(&rest);
      if (!tag.has_value() || ++count > kMaxEntityTags) return std::nullopt;
      SkipBlanks(&rest);
      if (!rest.empty() && rest.front() != ',') return std::nullopt;
      if (tag->weak && !weak_comparison) continue;
      if (const auto version = ParseVersion(tag->opaque); version.has_value()) tags.versions.push_back(*version);
    }
  }
  if (count == 0) return std::nullopt;
  return tags;
}

}  // namespace quoin::net
