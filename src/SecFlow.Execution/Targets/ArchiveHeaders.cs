using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace SecFlow.Execution.Targets;

/// <summary>
/// A look at the skeleton of an archive before a library reads it: the libraries hold every entry of a zip, and a whole extended header of a tar, in memory at once.
/// </summary>
internal static class ArchiveHeaders
{
    private const int Block = 512;
    private const int MostTarNote = 64 * 1024;
    private const int EndRecord = 22;
    private const int CentralRecord = 46;

    /// <summary>Walks the central directory. Throws SF1406 for more entries than are allowed, several disks, or zip64.</summary>
    public static void CheckZip(Stream zip)
    {
        // end of central directory:  50 4B 05 06, disk u16, disk of directory u16, entries here u16, entries u16, size u32, offset u32, comment length u16
        var tail = new byte[Math.Min(zip.Length, EndRecord + ushort.MaxValue)];
        zip.Position = zip.Length - tail.Length;
        zip.ReadExactly(tail);
        var at = tail.AsSpan().LastIndexOf("PK\u0005\u0006"u8);
        if (at < 0 || tail.Length - at < EndRecord)
        {
            throw ArchivePaths.Wrong("Its directory is missing.");
        }

        var end = tail.AsSpan(at);
        long next = BinaryPrimitives.ReadUInt32LittleEndian(end[16..]);
        if (BinaryPrimitives.ReadUInt32LittleEndian(end[4..]) != 0 || next == uint.MaxValue || BinaryPrimitives.ReadUInt16LittleEndian(end[10..]) == ushort.MaxValue)
        {
            throw ArchivePaths.Wrong("It has several disks or is a zip64 archive, which nothing within the limits needs.");
        }

        Span<byte> record = stackalloc byte[CentralRecord];
        for (var entries = 0; next + CentralRecord <= zip.Length; entries++)
        {
            zip.Position = next;
            zip.ReadExactly(record);
            if (!record.StartsWith("PK\u0001\u0002"u8))
            {
                break;
            }

            if (entries >= ArchivePaths.MostEntries)
            {
                throw ArchivePaths.Wrong($"It holds more than {ArchivePaths.MostEntries} files and folders.");
            }

            next += CentralRecord + BinaryPrimitives.ReadUInt16LittleEndian(record[28..]) + BinaryPrimitives.ReadUInt16LittleEndian(record[30..]) + BinaryPrimitives.ReadUInt16LittleEndian(record[32..]);
        }

        zip.Position = 0;
    }

    /// <summary>Walks the headers of an unpacked tar. Throws SF1406 for extended headers that are too large or change a size, and for more entries than are allowed.</summary>
    /// <param name="tar">Bounded by who gives it.</param>
    public static void CheckTar(Stream tar)
    {
        // header:  name 100, mode 8, uid 8, gid 8, size 12 octal @124, mtime 12, checksum 8, type 1 @156, ...
        var header = new byte[Block];
        for (var entries = 0; tar.ReadAtLeast(header, Block, throwOnEndOfStream: false) == Block;)
        {
            if (header.AsSpan().IndexOfAnyExcept((byte)0) < 0)
            {
                continue;
            }

            if (++entries > 2 * ArchivePaths.MostEntries)
            {
                throw ArchivePaths.Wrong($"It holds more than {ArchivePaths.MostEntries} files and folders.");
            }

            var digits = Encoding.ASCII.GetString(header, 124, 12).Trim('\0', ' ');
            long size = 0;
            foreach (var digit in digits)
            {
                size = digit is >= '0' and <= '7' && size < long.MaxValue / 16 ? (size * 8) + (digit - '0') : throw ArchivePaths.Wrong("A size in it is not an octal number.");
            }

            if (header[156] is (byte)'x' or (byte)'g' or (byte)'L' or (byte)'K')
            {
                if (size > MostTarNote)
                {
                    throw ArchivePaths.Wrong($"An extended header has {size.ToString(CultureInfo.InvariantCulture)} bytes; at most {MostTarNote} are read.");
                }

                var note = new byte[size];
                tar.ReadExactly(note);
                if (header[156] is (byte)'x' or (byte)'g' && note.AsSpan().IndexOf(" size="u8) >= 0)
                {
                    throw ArchivePaths.Wrong("An extended header changes the size of a file, which only files above the limits need.");
                }

                Skip(tar, Padding(size));
            }
            else
            {
                Skip(tar, size + Padding(size));
            }
        }
    }

    private static long Padding(long size) => (Block - (size % Block)) % Block;

    private static void Skip(Stream stream, long bytes)
    {
        var piece = new byte[64 * 1024];
        while (bytes > 0)
        {
            var got = stream.Read(piece, 0, (int)Math.Min(piece.Length, bytes));
            if (got == 0)
            {
                throw ArchivePaths.Wrong("It ends in the middle of a file.");
            }

            bytes -= got;
        }
    }
}
