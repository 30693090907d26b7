// What ThreadSanitizer is told about RocksDB, in every program that links it.
//
// Debian's library is not instrumented: the sanitizer sees what it reads and writes through memcpy and the like, but not
// the atomics by which it orders them, and so reports races inside it that are none. Races in our own code are reported
// unless RocksDB stands on the stack.
#if defined(__SANITIZE_THREAD__)
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() {
  return "race:librocksdb.so\n"
         "mutex:librocksdb.so\n"
         "deadlock:librocksdb.so\n";
}
#endif
