#include "tools/client_repl.h"

#include <fcntl.h>
#include <histedit.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <iostream>
#include <memory>

#include "tools/client_interrupt.h"
#include "tools/client_terminal_mode.h"

// libedit leaves a few copies of its own settings (wcsdup) to the end of the process. LeakSanitizer asks this function
// what to overlook; without it nobody calls it.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:wcsdup\n"; }

namespace quoin::tools {
namespace {

constexpr int kHistoryLines = 1000;
// Lines longer than this (pasted values) would only be in the way.
constexpr std::size_t kMaxHistoryLineBytes = 4096;
// The file only grows by appending; at this size it is written anew with the newest lines.
constexpr std::size_t kMaxHistoryFileBytes = std::size_t{1} << 20;

// History in memory and in its file, one command per line. Each is appended at once, so that two clients do not undo
// each other's.
class LineHistory {
 public:
  explicit LineHistory(const std::string& path) : path_(path), history_(::history_init()) {
    CHECK(history_ != nullptr);
    HistEvent event{};
    ::history(history_, &event, H_SETSIZE, kHistoryLines);
    ::history(history_, &event, H_SETUNIQUE, 1);
    if (!path_.empty() && MakePrivate()) Load();
  }
  ~LineHistory() { ::history_end(history_); }
  LineHistory(const LineHistory&) = delete;
  LineHistory& operator=(const LineHistory&) = delete;

  History* get() const { return history_; }

  void Add(const std::string& line) {
    if (line.size() > kMaxHistoryLineBytes || line.find_first_not_of(" \t\r\n") != 0) return;
    Remember(line);
    if (!path_.empty()) std::ofstream(path_, std::ios::app) << line << "\n";
  }

 private:
  void Remember(const std::string& line) {
    HistEvent event{};
    ::history(history_, &event, H_ENTER, line.c_str());
  }

  // Whether the file is there and its owner's alone. Commands may hold secrets.
  bool MakePrivate() {
    const int file = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    struct stat state {};
    const bool fine = file >= 0 && ::fstat(file, &state) == 0 && S_ISREG(state.st_mode) && ::fchmod(file, 0600) == 0;
    if (!fine) {
      std::cerr << "no history is kept in " << path_ << ": " << (file < 0 ? std::strerror(errno) : "not a file of ours")
                << "\n";
      path_.clear();
    }
    if (file >= 0) ::close(file);
    return fine;
  }

  void Load() {
    std::deque<std::string> newest;
    std::size_t size_bytes = 0;
    std::ifstream file(path_);
    for (std::string line; std::getline(file, line); size_bytes += line.size() + 1) {
      newest.push_back(line);
      if (newest.size() > kHistoryLines) newest.pop_front();
    }
    for (const std::string& line : newest) Remember(line);
    if (size_bytes <= kMaxHistoryFileBytes) return;
    std::ofstream shorter(path_, std::ios::trunc);
    for (const std::string& line : newest) shorter << line << "\n";
  }

  std::string path_;
  History* const history_;
};

class Editor {
 public:
  Editor(const ReplOptions& options, LineHistory& history) : keys_(options.keys) {
    edit_ = ::el_init("client", stdin, stdout, stderr);
    CHECK(edit_ != nullptr);
    ::el_set(edit_, EL_CLIENTDATA, this);
    ::el_set(edit_, EL_PROMPT, &Editor::Prompt);
    ::el_set(edit_, EL_SIGNAL, 1);
    ::el_set(edit_, EL_EDITOR, "emacs");
    ::el_set(edit_, EL_HIST, ::history, history.get());
    ::el_set(edit_, EL_ADDFN, "quoin-complete", "completes a command or a key", &Editor::OnTab);
    ::el_set(edit_, EL_BIND, "^I", "quoin-complete", nullptr);
    ::el_set(edit_, EL_BIND, "^R", "em-inc-search-prev", nullptr);
    // While a command runs, the next one may be typed already: whole, however long it is (see the keeper), and shown
    // once, when its prompt comes. There is no moment in between at which the terminal gathers lines.
    ::el_set(edit_, EL_SETTY, "-x", "-icanon", "-echo", nullptr);
    // While a line is edited Ctrl-C and Ctrl-Z are keys like any other: as a signal Ctrl-C could arrive just before the
    // editor sleeps, and be forgotten.
    ::el_set(edit_, EL_SETTY, "-d", "-isig", nullptr);
    ::el_set(edit_, EL_ADDFN, "quoin-cancel", "drops the line", &Editor::OnCancel);
    ::el_set(edit_, EL_BIND, "^C", "quoin-cancel", nullptr);
    ::el_set(edit_, EL_ADDFN, "quoin-suspend", "stops the client until the shell resumes it", &Editor::OnSuspend);
    ::el_set(edit_, EL_BIND, "^Z", "quoin-suspend", nullptr);
    ::el_source(edit_, nullptr);  // The person's own .editrc.
  }
  ~Editor() { ::el_end(edit_); }
  Editor(const Editor&) = delete;
  Editor& operator=(const Editor&) = delete;

  enum class Kind { kLine, kInterrupted, kEnd };

  Kind Next(std::string* line) {
    // Before the prompt shows: a Ctrl-D that answers it at once would otherwise be lost with the terminal's old mode.
    ::el_set(edit_, EL_PREP_TERM, 1);
    cancelled_ = false;
    int count = 0;
    keeper_.SetEditing(true);
    const char* const text = ::el_gets(edit_, &count);
    keeper_.SetEditing(false);
    const bool interrupted = cancelled_ || Interrupted();  // Someone may send the signal, too.
    ForgetInterrupt();
    if (text == nullptr || count <= 0) {
      if (!interrupted) return Kind::kEnd;
      ::el_reset(edit_);
      return Kind::kInterrupted;
    }
    line->assign(text);
    if (line->ends_with('\n')) line->pop_back();
    return Kind::kLine;
  }

 private:
  static char* Prompt(EditLine*) {
    static char prompt[] = "quoin> ";
    return prompt;
  }

  static Editor& Of(EditLine* edit) {
    void* self = nullptr;
    ::el_get(edit, EL_CLIENTDATA, &self);
    return *static_cast<Editor*>(self);
  }

  static unsigned char OnTab(EditLine* edit, int) { return Of(edit).CompleteHere(); }

  static unsigned char OnCancel(EditLine* edit, int) {
    Of(edit).cancelled_ = true;
    return CC_EOF;
  }

  static unsigned char OnSuspend(EditLine* edit, int) {
    ::el_set(edit, EL_PREP_TERM, 0);
    ::kill(0, SIGTSTP);  // To all of the foreground's group, as the terminal would.
    ::el_set(edit, EL_PREP_TERM, 1);
    return CC_REDISPLAY;
  }

  unsigned char CompleteHere() {
    const LineInfo* const line = ::el_line(edit_);
    const Completion completion =
        Complete(std::string_view(line->buffer, static_cast<std::size_t>(line->cursor - line->buffer)), keys_);
    const std::vector<std::string>& candidates = completion.candidates;
    if (candidates.empty()) return CC_ERROR;
    std::string more = completion.Common();
    if (candidates.size() == 1) more += ' ';
    if (!more.empty()) return ::el_insertstr(edit_, more.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
    ShowInColumns(candidates);
    return CC_REDISPLAY;
  }

  static void ShowInColumns(const std::vector<std::string>& words) {
    winsize window{};
    const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0;
    const std::size_t columns = known ? window.ws_col : 80;
    std::size_t width = 0;
    for (const std::string& word : words) width = std::max(width, word.size() + 2);
    const std::size_t per_line = std::max<std::size_t>(1, columns / width);
    std::string text = "\n";
    for (std::size_t i = 0; i < words.size(); ++i) {
      const bool last = i + 1 == words.size() || (i + 1) % per_line == 0;
      text += words[i] + (last ? std::string("\n") : std::string(width - words[i].size(), ' '));
    }
    std::cout << text << std::flush;
  }

  const KeySource keys_;
  TerminalKeeper keeper_;  // Begins before the editor touches the terminal.
  EditLine* edit_ = nullptr;
  bool cancelled_ = false;  // Ctrl-C ended the line that is being edited.
};

}  // namespace

std::string HistoryPath() {
  if (const char* const path = std::getenv("QUOIN_HISTORY")) return path;
  const char* const home = std::getenv("HOME");
  return home == nullptr || *home == '\0' ? std::string() : std::string(home) + "/.quoin_history";
}

void RunRepl(Shell& shell, const ReplOptions& options) {
  LineHistory history(options.history_path);
  Editor editor(options, history);
  std::string line;
  while (!shell.exited()) {
    switch (editor.Next(&line)) {
      case Editor::Kind::kEnd:
        std::cout << "\n" << std::flush;
        return;
      case Editor::Kind::kInterrupted:
        std::cout << "\n" << std::flush;
        break;
      case Editor::Kind::kLine:
        history.Add(line);
        shell.RunLine(line);
        ForgetInterrupt();  // A command that was interrupted has told how it ended.
        break;
    }
  }
}

}  // namespace quoin::tools
