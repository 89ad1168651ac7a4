# Flags, caches and linkers: what is true of every target.

find_program(WARREN_CCACHE ccache)
if(WARREN_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Paths below the tree are hashed relative to it, so that every clone shares one cache.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}
      CCACHE_NOHASHDIR=1 ${WARREN_CCACHE})
endif()

find_program(WARREN_MOLD mold)
if(WARREN_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
                    $<$<BOOL:${WARREN_WERROR}>:-Werror>
                    -fno-semantic-interposition -fvisibility-inlines-hidden)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 sees dangling and uninitialised memory in correct code of the standard library.
  add_compile_options(-Wno-maybe-uninitialized -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow)
  if(WARREN_UNITY)
    # A class of one file may hold what only that file knows.
    add_compile_options(-Wno-subobject-linkage)
  endif()
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  # An object of 200 bytes is made empty by "rep stos" otherwise, which takes 30 ns to begin.
  add_compile_options(-mmemset-strategy=vector_loop:512:noalign,libcall:-1:noalign)
endif()

if(WARREN_SANITIZE)
  add_compile_options(-fsanitize=${WARREN_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${WARREN_SANITIZE})
endif()
