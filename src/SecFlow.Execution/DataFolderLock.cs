using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution;

/// <summary><c>secflow.lock</c>: one engine per data folder. The lock goes with the process, however it ends.</summary>
public sealed class DataFolderLock : IDisposable
{
    private readonly FileStream _file;

    private DataFolderLock(FileStream file) => _file = file;

    /// <summary>Takes it, or throws SF7005.</summary>
    public static DataFolderLock Take(string dataFolder)
    {
        Directory.CreateDirectory(dataFolder);
        var path = Path.Combine(dataFolder, "secflow.lock");
        try
        {
            var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            file.SetLength(0);
            file.Write(System.Text.Encoding.ASCII.GetBytes($"{Environment.ProcessId}\n"));
            file.Flush();
            return new DataFolderLock(file);
        }
        catch (IOException e)
        {
            throw new SecFlowException(Codes.DataFolderLocked, $"The data folder '{dataFolder}' is in use by another SecFlow. Stop that one first, or choose another folder with --data.", e);
        }
    }

    public void Dispose() => _file.Dispose();
}
