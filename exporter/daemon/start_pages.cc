// SPDX-License-Identifier: Apache-2.0
#include "exporter/daemon/start_pages.h"

#include <elf.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <span>
#include <string_view>

namespace outrider {
namespace {

std::span<const ElfW(Phdr)> HeadersOf(const dl_phdr_info& object) {
  return {object.dlpi_phdr, object.dlpi_phnum};
}

// Its code was written to while it was loaded: those pages are in no file. Debian has no such
// library.
bool HasRelocatedText(const dl_phdr_info& object) {
  for (const ElfW(Phdr) & header : HeadersOf(object)) {
    if (header.p_type != PT_DYNAMIC) continue;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): that is how the loader tells it
    const auto* entry = reinterpret_cast<const ElfW(Dyn)*>(object.dlpi_addr + header.p_vaddr);
    for (; entry->d_tag != DT_NULL; ++entry) {
      if (entry->d_tag == DT_TEXTREL) return true;
      if (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL) != 0) return true;
    }
  }
  return false;
}

int Release(dl_phdr_info* object, size_t /*size*/, void* total) {
  const std::string_view name = object->dlpi_name == nullptr ? "" : object->dlpi_name;
  if (name.starts_with("linux-") || HasRelocatedText(*object)) return 0;  // the first is no file
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  for (const ElfW(Phdr) & header : HeadersOf(*object)) {
    if (header.p_type != PT_LOAD || (header.p_flags & PF_W) != 0) continue;
    // Whole pages only: at an edge there may be something else.
    const uintptr_t begin = (object->dlpi_addr + header.p_vaddr + page - 1) / page * page;
    const uintptr_t end = (object->dlpi_addr + header.p_vaddr + header.p_filesz) / page * page;
    if (end <= begin) continue;
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    if (::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED) == 0) {
      *static_cast<size_t*>(total) += end - begin;
    }
  }
  return 0;
}

}  // namespace

size_t ReleaseStartPages() {
  size_t total = 0;
  ::dl_iterate_phdr(&Release, &total);
  return total;
}

}  // namespace outrider
