#include "endpoint/modules/abi_header.hpp"

#include <warren/module.hpp>

#include <link.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace warren::endpoint {
namespace {

using ElfHeader = ElfW(Ehdr);
using Section = ElfW(Shdr);
using Symbol = ElfW(Sym);

static_assert(offsetof(AbiHeader, abi_version) == offsetof(abi::ModuleHeader, abi_version));
static_assert(offsetof(AbiHeader, header_bytes) == offsetof(abi::ModuleHeader, header_bytes));

/// A file that is read in pieces, none of them over its end.
class Pieces {
public:
    explicit Pieces(const std::string& file) : stream_{file, std::ios::binary | std::ios::ate} {
        const std::streamoff size = stream_ ? static_cast<std::streamoff>(stream_.tellg()) : -1;
        size_ = size < 0 ? 0 : static_cast<std::uint64_t>(size);
    }

    bool can_be_read() const { return static_cast<bool>(stream_); }

    /// out  nullopt when they are not all there
    template <typename T>
    std::optional<std::vector<T>> read(std::uint64_t offset, std::uint64_t count) {
        static_assert(std::is_trivially_copyable_v<T>);
        if (offset > size_ || count > (size_ - offset) / sizeof(T)) {
            return std::nullopt;
        }
        std::vector<T> items(count);
        stream_.seekg(static_cast<std::streamoff>(offset));
        stream_.read(reinterpret_cast<char*>(items.data()),
                     static_cast<std::streamsize>(count * sizeof(T)));
        return stream_ ? std::optional{std::move(items)} : std::nullopt;
    }

private:
    std::ifstream stream_;
    std::uint64_t size_ = 0;
};

bool is_of_this_machine(const ElfHeader& header) {
    constexpr unsigned char width = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
    constexpr unsigned char order =
        std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;
    return std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 && header.e_ident[EI_CLASS] == width &&
           header.e_ident[EI_DATA] == order && header.e_type == ET_DYN;
}

bool is_named(const Symbol& symbol, const std::vector<char>& names, std::string_view name) {
    const std::size_t room = symbol.st_name < names.size() ? names.size() - symbol.st_name : 0;
    return room > name.size() && std::string_view{&names[symbol.st_name], name.size()} == name &&
           names[symbol.st_name + name.size()] == '\0';
}

/// The symbol that a module is told by, if the file defines it.
std::optional<Symbol> find_module_symbol(Pieces& file, const std::vector<Section>& sections) {
    const auto table = std::ranges::find(sections, SHT_DYNSYM, &Section::sh_type);
    if (table == sections.end() || table->sh_link >= sections.size()) {
        return std::nullopt;
    }
    const Section& strings = sections[table->sh_link];
    const auto names = file.read<char>(strings.sh_offset, strings.sh_size);
    const auto symbols = file.read<Symbol>(table->sh_offset, table->sh_size / sizeof(Symbol));
    if (!names || !symbols) {
        return std::nullopt;
    }
    const auto found = std::ranges::find_if(*symbols, [&](const Symbol& symbol) {
        return symbol.st_shndx != SHN_UNDEF && is_named(symbol, *names, abi::module_symbol);
    });
    return found != symbols->end() ? std::optional{*found} : std::nullopt;
}

/// What the file gives a symbol as its first value.
std::optional<AbiHeader> read_value(Pieces& file, const std::vector<Section>& sections,
                                    const Symbol& symbol) {
    if (symbol.st_shndx >= sections.size()) {
        return std::nullopt;
    }
    const Section& home = sections[symbol.st_shndx];
    const std::uint64_t inside = symbol.st_value - home.sh_addr;
    if (home.sh_type != SHT_PROGBITS || symbol.st_value < home.sh_addr || inside > home.sh_size ||
        home.sh_size - inside < sizeof(AbiHeader)) {
        return std::nullopt;
    }
    const auto read = file.read<AbiHeader>(home.sh_offset + inside, 1);
    return read ? std::optional{read->front()} : std::nullopt;
}

}  // namespace

std::expected<AbiHeader, std::string> read_abi_header(const std::string& path) {
    Pieces file{path};
    if (!file.can_be_read()) {
        return std::unexpected{std::string{"cannot be read"}};
    }
    const auto header = file.read<ElfHeader>(0, 1);
    if (!header || !is_of_this_machine(header->front())) {
        return std::unexpected{std::string{"not a shared object of this machine"}};
    }
    const auto sections = header->front().e_shentsize == sizeof(Section)
                              ? file.read<Section>(header->front().e_shoff, header->front().e_shnum)
                              : std::nullopt;
    if (!sections) {
        return std::unexpected{
            std::string{"not a whole shared object: it has no table of sections"}};
    }
    const std::string symbol_name = abi::module_symbol;
    const auto symbol = find_module_symbol(file, *sections);
    if (!symbol) {
        return std::unexpected{"is no Warren module: it has no symbol '" + symbol_name +
                               "' (define its methods with WARREN_MODULE)"};
    }
    const auto stamp = read_value(file, *sections, *symbol);
    if (!stamp) {
        return std::unexpected{"is no Warren module: its symbol '" + symbol_name +
                               "' is something else"};
    }
    return *stamp;
}

}  // namespace warren::endpoint
