#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace warren::store {

inline constexpr std::size_t page_bytes = 4'096;

/// A row as its bytes lie in a page, found without asking what the page is or who refers to it.
struct RawRow {
    using Column = std::variant<std::monostate, std::int64_t, std::string>;

    std::uint64_t id = 0;
    std::vector<Column> columns;  // the key's own is empty

    const std::int64_t* number(std::size_t column) const noexcept {
        return std::get_if<std::int64_t>(&columns[column]);
    }
    const std::string* bytes(std::size_t column) const noexcept {
        return std::get_if<std::string>(&columns[column]);
    }
};

/// The rows of an SQLite database and of its write-ahead log, read page by page and byte by byte,
/// so that damage to one takes no other with it. Rows that were removed may be among them, rows may
/// come more than once, and what looks like a row may be none: whoever asks must be able to tell.
///                                                  [SQLite: Database File Format, 1.6, 2.1, 4.1]
/// thread one at a time
class RawRows {
public:
    /// in  files that need not be there
    RawRows(const std::string& database, const std::string& log);
    ~RawRows();
    RawRows(const RawRows&) = delete;
    RawRows& operator=(const RawRows&) = delete;

    /// in   has_columns: of which rows to give, by the number of their columns
    /// cost O(bytes of the files)
    void each(const std::function<bool(std::size_t)>& has_columns,
              const std::function<void(const RawRow&)>& take) const;

private:
    using Page = std::array<unsigned char, page_bytes>;
    struct Cell;

    bool read(std::size_t image, Page& page) const noexcept;
    std::optional<std::size_t> image_of(std::uint32_t page, std::size_t near) const noexcept;
    std::optional<std::string> payload_of(const Cell& cell, const Page& page,
                                          std::size_t image) const;
    std::optional<RawRow> row_at(const Page& page, std::size_t offset, std::size_t image,
                                 const std::function<bool(std::size_t)>& has_columns) const;

    int database_ = -1;
    int log_ = -1;
    std::size_t database_pages_ = 0;
    std::vector<std::uint32_t> log_pages_;  // which page each frame of the log is an image of
};

}  // namespace warren::store
