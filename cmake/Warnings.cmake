# The warnings every target of ours is built with, and the sanitizer and linker flags.
set(OUTRIDER_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
    -Wimplicit-fallthrough -Wcast-align -Wconversion -Wno-sign-conversion -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13
   AND (NOT CMAKE_BUILD_TYPE STREQUAL "Debug" OR OUTRIDER_SANITIZE))
  # When it optimises, g++ 12 takes the inline buffers of moved std::strings for overrun (its bugs 105329, 105651).
  list(APPEND OUTRIDER_WARNINGS -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # Our TRY is a statement expression behind __extension__; clang still mentions the trailing value.
  list(APPEND OUTRIDER_WARNINGS -Wno-gnu-statement-expression -Wthread-safety
       -Wno-deprecated-declarations)  # libstdc++ 12's own std::stable_sort
endif()
if(OUTRIDER_SANITIZE)
  add_compile_options(-fsanitize=${OUTRIDER_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${OUTRIDER_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND OUTRIDER_SANITIZE MATCHES "undefined")
    # A third of g++'s compile time, for what AddressSanitizer stops too; the fuzzers, built by clang, check it as well.
    add_compile_options(-fno-sanitize=vptr,null,object-size)
  endif()
endif()
# The libraries under test count their branches too, else a fuzzer sees nothing but its own target.
if(OUTRIDER_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
find_program(OUTRIDER_LLD NAMES ld.lld ld.lld-14)
if(OUTRIDER_LLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_link_options(-fuse-ld=lld)
endif()
find_program(OUTRIDER_CCACHE ccache)
if(OUTRIDER_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${OUTRIDER_CCACHE})
endif()
