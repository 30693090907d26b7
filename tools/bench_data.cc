#include "tools/bench_data.h"

#include <algorithm>

#include "base/text.h"
#include "tools/flag_types.h"

namespace quoin::bench {
namespace {

// Beyond what a longest value needs, so that values of the largest size differ in their noise, too.
constexpr std::size_t kNoiseOffsets = 4096;

std::string Digits(std::uint64_t number, std::size_t width) {
  std::string text(width, '0');
  for (std::size_t i = width; i > 0 && number > 0; number /= 10) text[--i] = static_cast<char>('0' + number % 10);
  return text;
}

std::uint64_t SizeFor(std::uint64_t number, const SizeRange& range) {
  return range.min + Scatter(number) % (range.max - range.min + 1);
}

}  // namespace

Result<SizeRange> ParseSizeRange(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto min = tools::ParseSize(text.substr(0, dash));
  const auto max = dash == std::string_view::npos ? min : tools::ParseSize(text.substr(dash + 1));
  if (!min.ok() || !max.ok() || *min > *max) {
    return Status(Code::kInvalid,
                  "the value is a size, like 100 or 4KiB, or two of them, the smaller one first, like "
                  "10-2000 or 1KiB-64KiB");
  }
  return SizeRange{*min, *max};
}

std::string ToString(const SizeRange& range) {
  if (range.min == range.max) return HumanSize(range.min);
  return HumanSize(range.min) + " to " + HumanSize(range.max);
}

std::string KeyNames::Name(const KeyNumber& key) const {
  std::string name = prefix_ + Digits(key.index, 12);
  if (generations_) name += "." + Digits(key.generation, 5);
  const std::uint64_t size = SizeFor(key.index, size_);
  if (name.size() < size) name.append(size - name.size(), 'x');
  return name;
}

std::string KeyNames::PrefixOfHundred(std::uint64_t index) const { return prefix_ + Digits(index / 100, 10); }

Values::Values(SizeRange size_bytes) : size_(size_bytes) {
  noise_.resize(std::max<std::size_t>(size_.max, kValueIdBytes) + kNoiseOffsets);
  Random random(0x9e3779b97f4a7c15);
  for (char& c : noise_) c = static_cast<char>(random.Next());
}

std::string Values::Make(std::uint64_t id) const {
  const std::uint64_t size = SizeFor(id, size_);
  std::string value = Hex64(id);
  if (size <= kValueIdBytes) return value.substr(0, size);
  value.append(noise_, Scatter(~id) % kNoiseOffsets, size - kValueIdBytes);
  return value;
}

std::optional<std::uint64_t> Values::IdOf(std::string_view value) const {
  if (value.size() < kValueIdBytes) return std::nullopt;
  const auto id = ParseHex64(value.substr(0, kValueIdBytes));
  if (!id || SizeFor(*id, size_) != value.size()) return std::nullopt;
  // Upper-case digits would be read too, but were never written.
  if (Hex64(*id) != value.substr(0, kValueIdBytes)) return std::nullopt;
  const std::string_view noise(noise_);
  if (noise.substr(Scatter(~*id) % kNoiseOffsets, value.size() - kValueIdBytes) != value.substr(kValueIdBytes)) {
    return std::nullopt;
  }
  return id;
}

}  // namespace quoin::bench
