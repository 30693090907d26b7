#include "tools/client_watch_program.h"

#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string_view>

#include "base/text.h"

namespace quoin::tools {
namespace {

constexpr std::string_view kNames[] = {"QUOIN_EVENT",        "QUOIN_KEY",         "QUOIN_KEY_BASE64",
                                       "QUOIN_VALUE",        "QUOIN_VALUE_BYTES", "QUOIN_VERSION",
                                       "QUOIN_CONTENT_TYPE", "QUOIN_EXPIRES_MS",  "QUOIN_SKIPPED"};

bool HasNul(const std::string& text) { return text.find('\0') != std::string::npos; }

// A file that nobody else knows, with the value, to be read from its start. -1: errno says why there is none.
int FileOf(const std::string& value) {
  const int file = ::memfd_create("value", MFD_CLOEXEC);
  if (file < 0) return -1;
  for (std::size_t written = 0; written < value.size();) {
    const ssize_t count = ::write(file, value.data() + written, value.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const int why = errno;
      ::close(file);
      errno = why;
      return -1;
    }
    written += static_cast<std::size_t>(count);
  }
  ::lseek(file, 0, SEEK_SET);
  return file;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

std::vector<std::string> ProgramEnvironment(const client::WatchEvent& event, const char* const* inherited) {
  std::vector<std::string> environment;
  for (; *inherited != nullptr; ++inherited) {
    const std::string_view variable = *inherited;
    if (std::ranges::find(kNames, variable.substr(0, variable.find('='))) == std::end(kNames)) {
      environment.emplace_back(variable);
    }
  }
  const auto set = [&](const char* name, const std::string& value) {
    environment.push_back(std::string(name) + "=" + value);
  };
  set("QUOIN_EVENT", std::string(WatchEventName(event.kind)));
  if (!event.key.empty() && !HasNul(event.key)) set("QUOIN_KEY", event.key);
  if (!event.key.empty()) set("QUOIN_KEY_BASE64", Base64Encode(event.key));
  if (event.state) {
    const client::State& state = *event.state;
    if (state.value.size() <= kMaxEnvironmentValueBytes && !HasNul(state.value)) set("QUOIN_VALUE", state.value);
    set("QUOIN_VALUE_BYTES", std::to_string(state.value.size()));
    set("QUOIN_CONTENT_TYPE", state.content_type);
    if (state.expires) {
      const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(state.expires->time_since_epoch());
      set("QUOIN_EXPIRES_MS", std::to_string(since.count()));
    }
  }
  if (!event.version.empty()) set("QUOIN_VERSION", event.version);
  set("QUOIN_SKIPPED", std::to_string(event.skipped));
  return environment;
}

Result<pid_t> StartProgram(const std::vector<std::string>& program, const client::WatchEvent& event) {
  CHECK(!program.empty());
  const auto failed = [&](int error) {
    return Status(Code::kInvalid, Printable(program.front()) + " can't be started: " + std::strerror(error));
  };
  const int input = FileOf(event.state ? event.state->value : std::string());
  if (input < 0) return failed(errno);
  std::vector<std::string> arguments = program;
  std::vector<std::string> environment = ProgramEnvironment(event, ::environ);
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, arguments.front().c_str(), &files, nullptr, Pointers(arguments).data(),
                                   Pointers(environment).data());
  ::posix_spawn_file_actions_destroy(&files);
  ::close(input);
  if (error != 0) return failed(error);
  return child;
}

std::string ProgramEnd(int status) {
  if (WIFEXITED(status)) return WEXITSTATUS(status) == 0 ? "" : "code " + std::to_string(WEXITSTATUS(status));
  const int signal = WTERMSIG(status);
  return "signal " + std::to_string(signal) + " (" + ::strsignal(signal) + ")";
}

}  // namespace quoin::tools
