// Writing JSON text by hand: the answers are flat and known, and a document tree would only be in the way.
#pragma once

#include <string>
#include <string_view>

namespace quoin::net {

// Appends the text as a JSON string, quotes included. Escapes what JSON demands, and '<', '>' and '&', so that an
// answer that someone pastes into a page stays text. REQUIRES: the text is UTF-8.
void AppendJsonText(std::string_view text, std::string* out);

// Appends `"name": "text"` when the bytes are UTF-8, otherwise `"name_base64": "..."`.
void AppendJsonBytes(std::string_view name, std::string_view bytes, std::string* out);

}  // namespace quoin::net
