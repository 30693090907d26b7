#include "tools/client_value.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/text.h"

namespace quoin::tools {
namespace {

Result<std::string> ReadAll(int file, const std::string& shown) {
  std::string bytes;
  char chunk[65536];
  for (;;) {
    const ssize_t count = ::read(file, chunk, sizeof chunk);
    if (count == 0) return bytes;
    if (count < 0) return Status(Code::kInvalid, shown + " can't be read: " + std::strerror(errno) + ".");
    bytes.append(chunk, static_cast<std::size_t>(count));
    if (bytes.size() > kMaxClientValueBytes) {
      return Status(Code::kUnavailable, shown + " is larger than " + HumanSize(kMaxClientValueBytes) +
                                            ", more than any node takes; nothing was sent.");
    }
  }
}

}  // namespace

Result<std::string> ResolveValue(const Word& word, bool stdin_is_free) {
  const std::string& text = word.text;
  if (text.starts_with("@@")) return text.substr(1);
  if (text.starts_with("@")) {
    const std::string path = text.substr(1);
    if (path.empty()) return Status(Code::kInvalid, "@ needs the path of a file behind it; @@ is the value @.");
    const std::string shown = "The file " + Printable(path, 256);
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) {
      return Status(Code::kInvalid, shown + " can't be read: " + std::strerror(errno) + " (@@ begins a value with @).");
    }
    Result<std::string> bytes = ReadAll(file, shown);
    ::close(file);
    return bytes;
  }
  if (text == "-" && !word.quoted) {
    if (!stdin_is_free) {
      return Status(Code::kInvalid,
                    "- is standard input, which holds the commands here; write \"-\" in quotes for the value -.");
    }
    return ReadAll(STDIN_FILENO, "Standard input");
  }
  return text;
}

}  // namespace quoin::tools
