// SPDX-License-Identifier: Apache-2.0
// Debian's Abseil is built without ThreadSanitizer, which therefore does not see what its mutexes
// order and would report every guarded member. In the tsan preset the linker sends our calls
// through these (--wrap), which say so. Link names are the mangled absl::Mutex and absl::CondVar
// members of Debian 12 (inline namespace debian3).
#include <cstdint>

extern "C" {
void __tsan_acquire(void* address);
void __tsan_release(void* address);

#define OUTRIDER_LOCK(name)         \
  void __real_##name(void* mutex);  \
  void __wrap_##name(void* mutex);  \
  void __wrap_##name(void* mutex) { \
    __real_##name(mutex);           \
    __tsan_acquire(mutex);          \
  }
#define OUTRIDER_UNLOCK(name)       \
  void __real_##name(void* mutex);  \
  void __wrap_##name(void* mutex);  \
  void __wrap_##name(void* mutex) { \
    __tsan_release(mutex);          \
    __real_##name(mutex);           \
  }

OUTRIDER_LOCK(_ZN4absl7debian35Mutex4LockEv)
OUTRIDER_LOCK(_ZN4absl7debian35Mutex10ReaderLockEv)
OUTRIDER_UNLOCK(_ZN4absl7debian35Mutex6UnlockEv)
OUTRIDER_UNLOCK(_ZN4absl7debian35Mutex12ReaderUnlockEv)

// CondVar::Wait(Mutex*) and Mutex::Await(const Condition&) give the mutex away and take it back.
void __real__ZN4absl7debian37CondVar4WaitEPNS0_5MutexE(void* condition, void* mutex);
void __wrap__ZN4absl7debian37CondVar4WaitEPNS0_5MutexE(void* condition, void* mutex);
void __wrap__ZN4absl7debian37CondVar4WaitEPNS0_5MutexE(void* condition, void* mutex) {
  __tsan_release(mutex);
  __real__ZN4absl7debian37CondVar4WaitEPNS0_5MutexE(condition, mutex);
  __tsan_acquire(mutex);
}
void __real__ZN4absl7debian35Mutex5AwaitERKNS0_9ConditionE(void* mutex, void* condition);
void __wrap__ZN4absl7debian35Mutex5AwaitERKNS0_9ConditionE(void* mutex, void* condition);
void __wrap__ZN4absl7debian35Mutex5AwaitERKNS0_9ConditionE(void* mutex, void* condition) {
  __tsan_release(mutex);
  __real__ZN4absl7debian35Mutex5AwaitERKNS0_9ConditionE(mutex, condition);
  __tsan_acquire(mutex);
}
}
