// Handler: a callable that is moved and called once, and needs no allocation while it is small. (std::function can't
// hold what can only be moved, and std::move_only_function is not in C++20.)
//
// Threads: none of its own.
// Bounds: what is larger than kInlineBytes is allocated.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace quoin::client {

template <typename Argument>
class Handler {
 public:
  static constexpr std::size_t kInlineBytes = 48;

  Handler() = default;
  template <typename F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, Handler> && std::is_invocable_v<std::decay_t<F>&, Argument>)
      Handler(F&& callable) {  // NOLINT: implicit by design
    using Target = std::decay_t<F>;
    if constexpr (sizeof(Target) <= kInlineBytes && alignof(Target) <= alignof(std::max_align_t) &&
                  std::is_nothrow_move_constructible_v<Target>) {
      ::new (static_cast<void*>(storage_)) Target(std::forward<F>(callable));
      verbs_ = &kInline<Target>;
    } else {
      ::new (static_cast<void*>(storage_)) Target*(new Target(std::forward<F>(callable)));
      verbs_ = &kAllocated<Target>;
    }
  }
  Handler(Handler&& other) noexcept { Take(other); }
  Handler& operator=(Handler&& other) noexcept {
    if (this != &other) {
      Reset();
      Take(other);
    }
    return *this;
  }
  ~Handler() { Reset(); }

  explicit operator bool() const { return verbs_ != nullptr; }

  // REQUIRES: there is a callable. It is gone afterwards.
  void operator()(Argument argument) && {
    Handler self = std::move(*this);  // The callable may destroy whoever holds this.
    self.verbs_->call(self.storage_, std::forward<Argument>(argument));
  }

 private:
  struct Verbs {
    void (*call)(void* at, Argument&& argument);
    void (*move)(void* from, void* to) noexcept;  // And ends what was at `from`.
    void (*end)(void* at) noexcept;
  };
  template <typename Target>
  static constexpr Verbs kInline = {
      [](void* at, Argument&& argument) { (*static_cast<Target*>(at))(std::forward<Argument>(argument)); },
      [](void* from, void* to) noexcept {
        ::new (to) Target(std::move(*static_cast<Target*>(from)));
        static_cast<Target*>(from)->~Target();
      },
      [](void* at) noexcept { static_cast<Target*>(at)->~Target(); }};
  template <typename Target>
  static constexpr Verbs kAllocated = {
      [](void* at, Argument&& argument) { (**static_cast<Target**>(at))(std::forward<Argument>(argument)); },
      [](void* from, void* to) noexcept { ::new (to) Target*(*static_cast<Target**>(from)); },
      [](void* at) noexcept { delete *static_cast<Target**>(at); }};

  void Take(Handler& other) noexcept {
    verbs_ = std::exchange(other.verbs_, nullptr);
    if (verbs_ != nullptr) verbs_->move(other.storage_, storage_);
  }
  void Reset() noexcept {
    if (const Verbs* const verbs = std::exchange(verbs_, nullptr); verbs != nullptr) verbs->end(storage_);
  }

  alignas(std::max_align_t) std::byte storage_[kInlineBytes];
  const Verbs* verbs_ = nullptr;
};

}  // namespace quoin::client
