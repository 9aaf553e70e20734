namespace Ops.Neural;

/// <summary>Rows of numbers, row after row in one array. In a batch each row is one example.</summary>
public sealed class Matrix
{
    /// <summary>All zero.</summary>
    /// <param name="rows">At least 0.</param>
    /// <param name="columns">At least 1.</param>
    public Matrix(int rows, int columns)
        : this(rows, columns, new float[checked(rows * columns)])
    {
    }

    /// <summary>Takes the array as it is.</summary>
    /// <exception cref="ArgumentException">The array does not hold rows times columns numbers.</exception>
    public Matrix(int rows, int columns, float[] data)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        if (data.Length != rows * columns)
            throw new ArgumentException($"{rows} rows of {columns} need {rows * columns} numbers; there are {data.Length}.", nameof(data));
        (Rows, Columns, Data) = (rows, columns, data);
    }

    /// <summary>Rows.</summary>
    public int Rows { get; }

    /// <summary>Numbers in each row.</summary>
    public int Columns { get; }

    /// <summary>Row i begins at i times <see cref="Columns"/>.</summary>
    public float[] Data { get; }

    /// <summary>One row, to read or to write.</summary>
    public Span<float> this[int row] => Data.AsSpan(row * Columns, Columns);

    /// <summary>A matrix of this shape: the given one if it has it, else a new one. Its content is not cleared.</summary>
    internal static Matrix Reuse(Matrix? matrix, int rows, int columns) =>
        matrix is not null && matrix.Rows == rows && matrix.Columns == columns ? matrix : new Matrix(rows, columns);
}
