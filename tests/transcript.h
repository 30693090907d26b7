// Transcript: a document of shell commands and what they answer, which can be replayed, and written anew from reality.
//
// The document is Markdown. What is replayed:
//
//   Node: `--max_value_size=16`      from here on, a new node with these flags (`defaults` for none);
//   Damage: `Alice`                  the node is stopped, one bit of these bytes is flipped on its disk, it is started;
//   ```console
//   $ curl -i $NODE/v1/kv/username   a command, going on over lines that end in '\';
//   HTTP/1.1 404 Not Found           what it writes to stdout.
//   ```
//
// What differs from run to run stands there as a placeholder: <node>, <request>, <time>, <operation>, <cluster>,
// <seconds>, <bytes>, <length> (a Content-Length, where a JSON body holds placeholders), <cursor> (of a watch), and
// <version N> and <ballot N>, where the same N is the same version or ballot within one node's commands. A later
// command may say $VERSION_N and $BALLOT_N, and $CURSOR for the latest one. Matching is equality: the fresh output,
// with placeholders put in, must be the document's, to the byte (but for empty lines at the end).
//
// Pure; any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace quoin::tests {

struct TranscriptStep {
  enum class Kind {
    kText,     // Lines that mean nothing here; `text` holds them.
    kNode,     // `flags`
    kDamage,   // `text`: the bytes to damage.
    kCommand,  // `text`: the command; `output`: what it should write.
  };
  Kind kind = Kind::kText;
  int line = 0;  // From 1.
  std::string text;
  std::vector<std::string> flags;
  std::string output;
};

// The steps in order. Every line of the document is in exactly one of them (kNode and kDamage lines as kText too).
std::vector<TranscriptStep> ParseTranscript(std::string_view document);

// Puts placeholders into the outputs of one node's commands, and remembers what the versions were.
class Placeholders {
 public:
  // `node_id` and `url` are the node's.
  Placeholders(std::string node_id, std::string url) : node_id_(std::move(node_id)), url_(std::move(url)) {}

  // `command` is what was run: a request id that it brings stays as it is.
  std::string PutInto(std::string_view output, std::string_view command);
  // "VERSION_1" -> the version. "BALLOT_1" -> how the ballot was shown last: one with any sequence is the same.
  // "CURSOR" -> a watch's, as it was shown last.
  const std::map<std::string, std::string>& variables() const { return variables_; }
  // The node has been started again.
  void set_url(std::string url) { url_ = std::move(url); }

 private:
  std::string node_id_;
  std::string url_;
  // What `found` is called: "<name N>".
  std::string Numbered(const std::string& name, const std::string& found, std::map<std::string, int>* numbers);

  std::map<std::string, int> versions_;
  std::map<std::string, int> ballots_;
  std::map<std::string, std::string> variables_;
};

// Without carriage returns before line ends and empty lines at the end.
std::string TrimOutput(std::string_view output);

}  // namespace quoin::tests
