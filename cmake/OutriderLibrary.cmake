# outrider_library(NAME storage_base SRCS a.cc DEPS storage_model absl::status): one static library per room.
# outrider_test(NAME storage_base_test SRCS a_test.cc DEPS storage_base): one gtest binary per room.
# outrider_fuzz(NAME decode_v1_fuzz SRCS f.cc DEPS ...): libFuzzer target, only with OUTRIDER_FUZZ.
include(GoogleTest)

# ThreadSanitizer does not see Debian's Abseil mutexes: tests/support/tsan_mutex.cc tells it.
set(OUTRIDER_TSAN_SOURCES "")
if(OUTRIDER_SANITIZE STREQUAL "thread")
  set(OUTRIDER_TSAN_SOURCES ${CMAKE_SOURCE_DIR}/tests/support/tsan_mutex.cc)
  foreach(symbol 5Mutex4LockEv 5Mutex6UnlockEv 5Mutex10ReaderLockEv 5Mutex12ReaderUnlockEv
          5Mutex5AwaitERKNS0_9ConditionE 7CondVar4WaitEPNS0_5MutexE)
    add_link_options(-Wl,--wrap=_ZN4absl7debian3${symbol})
  endforeach()
endif()

# One precompiled header for all rooms and one for all tests; each costs seconds and 120 MB (five files compiled in 12.0 s
# of CPU in place of 15.1). What a file uses it includes nevertheless: builds without it (OUTRIDER_PCH=OFF, preset fuzz)
# tell.
set(OUTRIDER_PCH_HEADERS <algorithm> <array> <atomic> <chrono> <deque> <functional> <map> <memory> <optional> <set> <span>
    <string> <string_view> <thread> <unordered_map> <utility> <variant> <vector> <fmt/format.h>
    <absl/container/flat_hash_map.h> <absl/container/flat_hash_set.h> <absl/status/statusor.h>
    <absl/synchronization/mutex.h> <absl/time/time.h>)
function(outrider_precompile target kind)
  if(NOT OUTRIDER_PCH)
    return()
  endif()
  if(NOT TARGET outrider_${kind}_pch)
    set(source ${CMAKE_BINARY_DIR}/generated/${kind}_pch.cc)
    file(CONFIGURE OUTPUT ${source} CONTENT "")
    add_library(outrider_${kind}_pch OBJECT ${source})
    target_compile_options(outrider_${kind}_pch PRIVATE ${OUTRIDER_WARNINGS})
    target_link_libraries(outrider_${kind}_pch PRIVATE fmt::fmt absl::flat_hash_map absl::statusor absl::synchronization)
    if(kind STREQUAL "test")
      target_link_libraries(outrider_test_pch PRIVATE GTest::gmock GTest::gtest_main)
      target_precompile_headers(outrider_test_pch PRIVATE <gtest/gtest.h> <gmock/gmock.h> ${OUTRIDER_PCH_HEADERS})
    else()
      target_precompile_headers(outrider_${kind}_pch PRIVATE ${OUTRIDER_PCH_HEADERS})
    endif()
  endif()
  # The header is good for those only who see its macros.
  target_compile_definitions(${target} PRIVATE $<TARGET_PROPERTY:fmt::fmt,INTERFACE_COMPILE_DEFINITIONS>)
  target_precompile_headers(${target} REUSE_FROM outrider_${kind}_pch)
endfunction()

function(outrider_library)
  cmake_parse_arguments(L "" "NAME" "SRCS;DEPS" ${ARGN})
  add_library(${L_NAME} STATIC ${L_SRCS})
  target_include_directories(${L_NAME} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(${L_NAME} PUBLIC ${L_DEPS})
  target_compile_options(${L_NAME} PRIVATE ${OUTRIDER_WARNINGS})
  outrider_precompile(${L_NAME} room)
endfunction()

function(outrider_test)
  cmake_parse_arguments(T "" "NAME" "SRCS;DEPS" ${ARGN})
  add_executable(${T_NAME} ${T_SRCS} ${OUTRIDER_TSAN_SOURCES})
  target_link_libraries(${T_NAME} PRIVATE ${T_DEPS} GTest::gmock GTest::gtest_main)
  target_compile_options(${T_NAME} PRIVATE ${OUTRIDER_WARNINGS})
  target_compile_definitions(${T_NAME} PRIVATE OUTRIDER_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  outrider_precompile(${T_NAME} test)
  gtest_discover_tests(${T_NAME} DISCOVERY_MODE PRE_TEST WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
                       PROPERTIES TIMEOUT 300)
endfunction()

function(outrider_fuzz)
  cmake_parse_arguments(F "" "NAME" "SRCS;DEPS" ${ARGN})
  if(OUTRIDER_FUZZ)
    add_executable(${F_NAME} ${F_SRCS})
    target_link_libraries(${F_NAME} PRIVATE ${F_DEPS})
    target_compile_options(${F_NAME} PRIVATE ${OUTRIDER_WARNINGS} -fsanitize=fuzzer)
    target_link_options(${F_NAME} PRIVATE -fsanitize=fuzzer)
  endif()
endfunction()

function(outrider_bench)
  cmake_parse_arguments(B "" "NAME" "SRCS;DEPS" ${ARGN})
  add_executable(${B_NAME} EXCLUDE_FROM_ALL ${B_SRCS})
  target_link_libraries(${B_NAME} PRIVATE ${B_DEPS} benchmark::benchmark)
  target_compile_options(${B_NAME} PRIVATE ${OUTRIDER_WARNINGS})
  if(NOT TARGET benches)
    add_custom_target(benches)  # all of them: .ci/full sees that they still build
  endif()
  add_dependencies(benches ${B_NAME})
endfunction()
