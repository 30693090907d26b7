#include "net/json_text.h"

#include "base/text.h"

namespace quoin::net {
namespace {

bool IsPlain(char c) {
  return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&' &&
         c != '\x7f';
}

}  // namespace

void AppendJsonText(std::string_view text, std::string* out) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out->push_back('"');
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && IsPlain(text[i])) continue;
    out->append(text.substr(begin, i - begin));
    begin = i + 1;
    if (i == text.size()) break;
    switch (text[i]) {
      case '"':
        out->append("\\\"");
        break;
      case '\\':
        out->append("\\\\");
        break;
      case '\n':
        out->append("\\n");
        break;
      case '\r':
        out->append("\\r");
        break;
      case '\t':
        out->append("\\t");
        break;
      default: {
        const auto byte = static_cast<unsigned char>(text[i]);
        out->append("\\u00");
        out->push_back(kDigits[byte >> 4]);
        out->push_back(kDigits[byte & 15]);
      }
    }
  }
  out->push_back('"');
}

void AppendJsonBytes(std::string_view name, std::string_view bytes, std::string* out) {
  out->push_back('"');
  out->append(name);
  if (IsUtf8(bytes)) {
    out->append("\": ");
    AppendJsonText(bytes, out);
  } else {
    out->append("_base64\": \"").append(Base64Encode(bytes)).push_back('"');
  }
}

}  // namespace quoin::net
