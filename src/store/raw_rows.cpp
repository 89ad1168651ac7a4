#include "store/raw_rows.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <span>

namespace warren::store {
namespace {

constexpr std::size_t log_header_bytes = 32;
constexpr std::size_t frame_header_bytes = 24;
constexpr std::size_t local_max = page_bytes - 35;
constexpr std::size_t local_min = (page_bytes - 12) * 32 / 255 - 23;
constexpr std::size_t overflow_bytes = page_bytes - 4;
constexpr std::size_t columns_max = 5;
constexpr std::size_t header_bytes_max = 1 + 9 * columns_max;

using Bytes = std::span<const unsigned char>;

std::uint32_t big_endian(Bytes bytes) noexcept {
    std::uint32_t number = 0;
    for (const unsigned char byte : bytes.first(4)) {
        number = number << 8 | byte;
    }
    return number;
}

/// A varint, which is taken off the front.
std::optional<std::uint64_t> take_varint(Bytes& bytes) noexcept {
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < std::min<std::size_t>(bytes.size(), 9); ++i) {
        const bool is_last = i == 8 || (bytes[i] & 0x80) == 0;
        number = i == 8 ? number << 8 | bytes[i] : number << 7 | (bytes[i] & 0x7F);
        if (is_last) {
            bytes = bytes.subspan(i + 1);
            return number;
        }
    }
    return std::nullopt;
}

std::optional<std::uint64_t> size_of_type(std::uint64_t type) noexcept {
    constexpr std::array<std::uint64_t, 10> sizes{0, 1, 2, 3, 4, 6, 8, 8, 0, 0};
    if (type < sizes.size()) {
        return sizes[type];
    }
    return type < 12 ? std::nullopt : std::optional{(type - 12) / 2};
}

RawRow::Column column_of(std::uint64_t type, std::string_view bytes) {
    if (type >= 12) {
        return std::string{bytes};
    }
    if (type == 8 || type == 9) {
        return static_cast<std::int64_t>(type - 8);
    }
    if (type == 0 || type == 7) {
        return std::monostate{};
    }
    const bool is_negative = (static_cast<unsigned char>(bytes.front()) & 0x80) != 0;
    std::uint64_t number = is_negative ? ~std::uint64_t{0} : 0;
    for (const char byte : bytes) {
        number = number << 8 | static_cast<unsigned char>(byte);
    }
    return static_cast<std::int64_t>(number);
}

std::size_t size_of(int file) noexcept {
    struct stat status{};
    return file >= 0 && fstat(file, &status) == 0 ? static_cast<std::size_t>(status.st_size) : 0;
}

}  // namespace

/// The head of a row: what its columns are and where its bytes begin.
struct RawRows::Cell {
    std::uint64_t id = 0;
    std::uint64_t payload_bytes = 0;
    std::size_t payload_begin = 0;  // in its page
    std::size_t header_bytes = 0;
    std::array<std::uint64_t, columns_max> types{};
    std::size_t columns = 0;
};

RawRows::RawRows(const std::string& database, const std::string& log)
    : database_{::open(database.c_str(), O_RDONLY | O_CLOEXEC)},
      log_{::open(log.c_str(), O_RDONLY | O_CLOEXEC)},
      database_pages_{size_of(database_) / page_bytes} {
    constexpr std::size_t frame_bytes = frame_header_bytes + page_bytes;
    const std::size_t log_bytes = size_of(log_);
    for (std::size_t at = log_header_bytes; at + frame_bytes <= log_bytes; at += frame_bytes) {
        std::array<unsigned char, 4> number{};
        const bool is_read = pread(log_, number.data(), number.size(), static_cast<off_t>(at)) == 4;
        log_pages_.push_back(is_read ? big_endian(number) : 0);
    }
}

RawRows::~RawRows() {
    for (const int file : {database_, log_}) {
        if (file >= 0) {
            close(file);
        }
    }
}

/// Images are numbered: those of the database first, then those of the log.
bool RawRows::read(std::size_t image, Page& page) const noexcept {
    const bool is_logged = image >= database_pages_;
    const std::size_t at = is_logged
                               ? log_header_bytes + frame_header_bytes +
                                     (image - database_pages_) * (frame_header_bytes + page_bytes)
                               : image * page_bytes;
    return pread(is_logged ? log_ : database_, page.data(), page.size(), static_cast<off_t>(at)) ==
           static_cast<ssize_t>(page.size());
}

/// Of several images of a page the one that was most likely written together with another.
std::optional<std::size_t> RawRows::image_of(std::uint32_t page, std::size_t near) const noexcept {
    std::optional<std::size_t> best;
    const auto distance = [near](std::size_t image) {
        return image < near ? near - image : image - near;
    };
    if (page != 0 && page <= database_pages_) {
        best = page - 1;
        if (near < database_pages_) {
            return best;
        }
    }
    for (std::size_t i = 0; i < log_pages_.size(); ++i) {
        const std::size_t image = database_pages_ + i;
        if (log_pages_[i] == page &&
            (!best || *best < database_pages_ || distance(image) < distance(*best))) {
            best = image;
        }
    }
    return best;
}

std::optional<std::string> RawRows::payload_of(const Cell& cell, const Page& page,
                                               std::size_t image) const {
    std::size_t local = cell.payload_bytes;
    if (cell.payload_bytes > local_max) {
        const std::size_t some = local_min + (cell.payload_bytes - local_min) % overflow_bytes;
        local = some <= local_max ? some : local_min;
    }
    const bool overflows = local != cell.payload_bytes;
    if (cell.payload_begin + local + (overflows ? 4 : 0) > page.size()) {
        return std::nullopt;
    }
    const auto* const begin = reinterpret_cast<const char*>(page.data()) + cell.payload_begin;
    std::string payload{begin, local};
    std::uint32_t next =
        overflows ? big_endian(Bytes{page}.subspan(cell.payload_begin + local)) : 0;
    Page further;
    while (payload.size() < cell.payload_bytes) {
        const auto found = image_of(next, image);
        if (!found || !read(*found, further)) {
            return std::nullopt;
        }
        next = big_endian(further);
        payload.append(reinterpret_cast<const char*>(further.data()) + 4,
                       std::min(overflow_bytes, cell.payload_bytes - payload.size()));
    }
    return payload;
}

std::optional<RawRow> RawRows::row_at(const Page& page, std::size_t offset, std::size_t image,
                                      const std::function<bool(std::size_t)>& has_columns) const {
    Bytes rest = Bytes{page}.subspan(offset);
    Cell cell;
    const auto payload_bytes = take_varint(rest);
    const auto id = payload_bytes ? take_varint(rest) : std::nullopt;
    if (!id) {
        return std::nullopt;
    }
    cell.id = *id;
    cell.payload_bytes = *payload_bytes;
    cell.payload_begin = page.size() - rest.size();
    const std::size_t header_begin = rest.size();
    if (cell.payload_bytes > (database_pages_ + log_pages_.size()) * page_bytes) {
        return std::nullopt;
    }
    const auto header_bytes = take_varint(rest);
    if (!header_bytes || *header_bytes > header_bytes_max || *header_bytes > cell.payload_bytes) {
        return std::nullopt;
    }
    cell.header_bytes = *header_bytes;
    std::uint64_t bytes = cell.header_bytes;
    while (header_begin - rest.size() < cell.header_bytes && cell.columns < columns_max) {
        const auto type = take_varint(rest);
        const auto size = type ? size_of_type(*type) : std::nullopt;
        if (!size || *size > cell.payload_bytes) {
            return std::nullopt;
        }
        bytes += *size;
        cell.types[cell.columns++] = *type;
    }
    const bool fits =
        header_begin - rest.size() == cell.header_bytes && bytes == cell.payload_bytes;
    if (!fits || !has_columns(cell.columns)) {
        return std::nullopt;
    }
    const auto payload = payload_of(cell, page, image);
    if (!payload) {
        return std::nullopt;
    }
    RawRow row{.id = cell.id, .columns = {}};
    std::string_view values{*payload};
    values.remove_prefix(cell.header_bytes);
    for (const std::uint64_t type : std::span{cell.types}.first(cell.columns)) {
        const auto size = static_cast<std::size_t>(*size_of_type(type));
        row.columns.push_back(column_of(type, values.substr(0, size)));
        values.remove_prefix(size);
    }
    return row;
}

void RawRows::each(const std::function<bool(std::size_t)>& has_columns,
                   const std::function<void(const RawRow&)>& take) const {
    Page page;
    for (std::size_t image = 0; image < database_pages_ + log_pages_.size(); ++image) {
        if (!read(image, page)) {
            continue;
        }
        for (std::size_t offset = 0; offset < page.size(); ++offset) {
            if (const auto row = row_at(page, offset, image, has_columns)) {
                take(*row);
            }
        }
    }
}

}  // namespace warren::store
