// SHA-1 (FIPS 180-4), which the handshake of a WebSocket asks for and nothing else here may use: it proves only that
// the server has read the request (RFC 6455, section 1.3), and is broken for everything else.
#pragma once

#include <string>
#include <string_view>

namespace quoin::net {

// The digest's 20 bytes.
std::string Sha1(std::string_view bytes);

}  // namespace quoin::net
