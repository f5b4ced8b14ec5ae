using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace SecFlow.Execution.Plugins;

/// <summary>Tells regular files from links, pipes, sockets and devices, without opening them (opening a pipe would wait for ever).</summary>
public static class RegularFile
{
    private const int CurrentFolder = -100;
    private const int NoFollow = 0x100;
    private const uint TypeAndMode = 0x3;
    private const int ModeOffset = 28;

    /// <summary>What the path is, when it is not a regular file; null when it is one.</summary>
    public static string? WhatElse(string path)
    {
        var info = new FileInfo(path);
        if (info.LinkTarget is not null || info.Attributes.HasFlag(FileAttributes.ReparsePoint))
        {
            return "a link";
        }

        if (!OperatingSystem.IsLinux())
        {
            return info.Attributes.HasFlag(FileAttributes.Device) ? "a device" : null;
        }

        // struct statx is the same on every architecture (linux/stat.h): stx_mode, 16 bits, at 28
        var buffer = new byte[256];
        if (Statx(CurrentFolder, path, NoFollow, TypeAndMode, buffer) != 0)
        {
            return "not readable";
        }

        return (BinaryPrimitives.ReadUInt16LittleEndian(buffer.AsSpan(ModeOffset)) & 0xF000) switch
        {
            0x8000 => null,
            0xA000 => "a link",
            0x4000 => "a folder",
            0x1000 => "a pipe",
            0xC000 => "a socket",
            _ => "a device",
        };
    }

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Statx(int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, byte[] buffer);
}
